"""Where the code is and where the hospital's data are."""

import os
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parents[3]
HRP_HOME = Path(os.environ.get("HRP_HOME") or BASE_DIR / "var").resolve()
