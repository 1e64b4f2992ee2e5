import sys
from pathlib import Path

# The independent systems live beside us, for the tests of several rooms.
sys.path.append(str(Path(__file__).parent.parent / "counterparts"))
