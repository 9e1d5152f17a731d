"""Makes the notebooks written here, the story and the browser page importable by name."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "widgets"), str(HERE.parent / "e2e")]
