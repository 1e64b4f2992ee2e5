"""Every kind of desk. A new kind is a file beside this one and a line here."""

from typing import Final

from monitor.connectors import Connector
from monitor.connectors.alertmanager import AlertmanagerConnector
from monitor.connectors.roundup import RoundupConnector
from monitor.connectors.webhook import WebhookConnector

_ALL: tuple[type[Connector], ...] = (WebhookConnector, AlertmanagerConnector, RoundupConnector)
#: kind -> class; ``KINDS[kind](options)`` makes one from an instance of its ``Options``.
KINDS: Final[dict[str, type[Connector]]] = {one.kind: one for one in _ALL}
