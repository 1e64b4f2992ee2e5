"""When checks run: a fixed grid on the monotonic clock, bounded work, and every slot accounted for.

Each check has a stable phase (a hash of its id), so that checks spread over their interval, over restarts too, and nothing
gathers at :00. Slot ``k`` of a check is due at ``phase + k * every``; the next due instant follows from the last one, never
from when a run ended. Every slot that falls due ends as exactly one of run or missed: ``planned == ran + missed + waiting``.

A slot that cannot start at once waits its turn for at most a quarter of its interval; later than that it would be the sample
of another instant, so it is shed and counted, and never caught up in a burst.

Beside the grid, ``begin_extra`` starts runs that were asked for under suspicion. They have places of their own, and the grid
never gives up one of its for them; a slot that meets an extra run of its own check waits its turn as for anything else.
"""

from monitor.scheduler.grid import Last, Tally, phase_of, resume
from monitor.scheduler.schedule import LATE_SHARE, Scheduler

__all__ = ["LATE_SHARE", "Last", "Scheduler", "Tally", "phase_of", "resume"]
