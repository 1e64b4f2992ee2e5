import sys
from pathlib import Path

# The builder is a script beside its output, not part of the package.
sys.path.insert(0, str(Path(__file__).parents[2] / "dashboards"))
