"""The differential, live: what an engineer would try first when a gateway looks ill, tried at once, and judged.

Nothing here moves money, nothing asks beyond the gateway's budget, and nothing a ticket waits for waits for it.
"""

from monitor.inquiry.inquiry import Circumstances, Inquiry
from monitor.inquiry.recent import Past, Recent
from monitor.inquiry.tools import Tools, tools_of

__all__ = ["Circumstances", "Inquiry", "Past", "Recent", "Tools", "tools_of"]
