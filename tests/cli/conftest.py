"""Makes the shop's workspace, kept with the tools' tests, importable here."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))
