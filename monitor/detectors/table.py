"""Every kind of detector, by the name a rule calls it. The only list."""

from collections.abc import Mapping
from types import MappingProxyType

from monitor.detectors.absence import Absence
from monitor.detectors.base import DetectorModel
from monitor.detectors.burn_rate import BurnRate
from monitor.detectors.consecutive import Consecutive
from monitor.detectors.drift import Drift
from monitor.detectors.expiry import Expiry
from monitor.detectors.k_of_n import KOfN
from monitor.detectors.latency import Latency
from monitor.detectors.mix import MixShift
from monitor.detectors.quantile import Quantile
from monitor.detectors.quorum import Quorum
from monitor.detectors.sequential.kind import Sequential
from monitor.detectors.spike import Spike

KINDS: Mapping[str, type[DetectorModel]] = MappingProxyType(
    {
        kind.kind: kind
        for kind in (Consecutive, KOfN, Quorum, Quantile, Sequential, MixShift, Latency, BurnRate, Spike, Absence, Expiry, Drift)
    }
)
