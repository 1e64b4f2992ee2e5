"""Every kind of detector, by the name a rule calls it. The only list."""

from collections.abc import Mapping
from types import MappingProxyType

from monitor.detectors.absence import Absence
from monitor.detectors.base import DetectorModel
from monitor.detectors.consecutive import Consecutive
from monitor.detectors.expiry import Expiry
from monitor.detectors.k_of_n import KOfN
from monitor.detectors.quantile import Quantile

KINDS: Mapping[str, type[DetectorModel]] = MappingProxyType(
    {kind.kind: kind for kind in (Consecutive, KOfN, Quantile, Absence, Expiry)}
)
