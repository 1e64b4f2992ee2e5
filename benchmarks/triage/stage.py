"""The monitors of a scenario, one in each location, and what can go wrong with themselves."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from benchmarks.triage.merchant import GATEWAY
from benchmarks.triage.station import Station
from monitor.config import Config
from monitor.model.check import Tls
from monitor.model.text import Text

#: Longer than the checks wait for an answer: what such a monitor sees proves nothing.
STALL_SECONDS = 2.2
BREATH_SECONDS = 0.3


@dataclass(slots=True)
class Stage:
    """``configurations`` are what the merchant may run with: as written, and with a slip. What healing cannot undo stays said:
    ``maintenance`` and ``changes`` are what the monitor was told of.
    """

    stations: dict[str, Station]
    well: Config
    slipped: Config
    clients: dict[str, Any]  # certificates that we may show, by what is wrong with them
    maintenance: str = ""
    changes: tuple[Text, ...] = ()
    _stalling: asyncio.Task[None] | None = field(default=None)

    def heal(self) -> None:
        if self._stalling is not None:
            self._stalling.cancel()
            self._stalling = None

    @property
    def stalling(self) -> bool:
        """Whether our loop stands still because the scenario says so."""
        return self._stalling is not None

    def stall(self) -> None:
        """Our loop stands still again and again, as beside somebody who blocks it."""
        self._stalling = asyncio.get_running_loop().create_task(_stall())


def stall(stage: Stage) -> None:
    stage.stall()


def slip(stage: Stage) -> None:
    """A change of ours goes live, with a slip in a request."""
    stage.changes = (*stage.changes, Text("the configuration was changed: check payment", "配置已变更：检查项 payment"))
    for station in stage.stations.values():
        station.adopt(stage.slipped)


def show(certificate: str) -> Callable[[Stage], None]:
    """The client certificate that we show from now on."""

    def change(stage: Stage) -> None:
        pair = stage.clients[certificate]
        for station in stage.stations.values():
            tls: Tls = station.config.targets[GATEWAY].tls
            station.change_gateway(tls=replace(tls, client_cert_file=str(pair.certificate), client_key_file=str(pair.key)))

    return change


def forget_second_credential(stage: Stage) -> None:
    for station in stage.stations.values():
        station.change_gateway(second_signer="none", second_signer_options=None)


def promise(**allowance: Any) -> Callable[[Stage], None]:
    """What we say we may ask of the gateway."""

    def change(stage: Stage) -> None:
        for station in stage.stations.values():
            known = station.config.targets[GATEWAY].allowance
            station.change_gateway(allowance=replace(known, **allowance))  # type: ignore[type-var]

    return change


def agreed(reason: str) -> Callable[[Stage], None]:
    def change(stage: Stage) -> None:
        stage.maintenance = reason

    return change


def announced(text: Text) -> Callable[[Stage], None]:
    def change(stage: Stage) -> None:
        stage.changes = (*stage.changes, text)

    return change


async def _stall() -> None:
    while True:
        time.sleep(STALL_SECONDS)
        await asyncio.sleep(BREATH_SECONDS)
