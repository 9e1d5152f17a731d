"""Makes the loopback servers and little worlds, kept with the contracts, importable here."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "contracts"))
