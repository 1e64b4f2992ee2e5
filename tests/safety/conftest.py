"""The worlds of the probes' and the gate's own tests serve here too."""

import sys
from pathlib import Path

for room in ("probes", "redaction"):
    sys.path.append(str(Path(__file__).parents[1] / room))
