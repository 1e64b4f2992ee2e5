import sys
from pathlib import Path

for room in ("endtoend", "sandbox", "drive", "probes"):
    sys.path.append(str(Path(__file__).parents[1] / room))
