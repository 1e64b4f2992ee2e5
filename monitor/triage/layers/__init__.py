"""One file a layer: what it looks like when this layer fails. A rule reads the evidence and returns the signs that it finds."""

from collections.abc import Callable, Iterable, Iterator

from monitor.triage.evidence import Evidence
from monitor.triage.layers.access import access_signs
from monitor.triage.layers.behind import behind_signs
from monitor.triage.layers.certificates import certificate_signs
from monitor.triage.layers.changed import changed_signs
from monitor.triage.layers.edge import edge_signs
from monitor.triage.layers.gateway import gateway_signs
from monitor.triage.layers.names import name_signs
from monitor.triage.layers.network import network_signs
from monitor.triage.layers.own import own_signs
from monitor.triage.layers.request import request_signs
from monitor.triage.layers.slow import slow_signs
from monitor.triage.sign import Sign

#: Every rule there is. Their order means nothing: signs are put in the order of ``Layer``.
RULES: tuple[Callable[[Evidence], Iterable[Sign]], ...] = (
    own_signs,
    network_signs,
    name_signs,
    certificate_signs,
    edge_signs,
    access_signs,
    request_signs,
    gateway_signs,
    behind_signs,
    slow_signs,
    changed_signs,
)


def signs(evidence: Evidence) -> Iterator[Sign]:
    for rule in RULES:
        yield from rule(evidence)
