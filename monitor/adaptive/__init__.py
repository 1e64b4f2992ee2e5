"""Looking more closely while something is suspected: which run comes next, when, and how little it needs to send. Pure.

Calendar-time detectors keep their false-alarm rate whatever the sampling times, as long as each run is decided on before its
outcome is known (Shin, Ramdas, Rinaldo: "E-detectors", 2024): so everything here is decided from what came in earlier.
The edge is ``monitor/hasten.py``.
"""

from monitor.adaptive.burst import CheckBurst
from monitor.adaptive.plan import Part, extra_plan

__all__ = ["CheckBurst", "Part", "extra_plan"]
