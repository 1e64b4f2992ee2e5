"""What people do to a running service: work its incidents, try tickets again, keep it silent for a while."""

from collections.abc import Callable

from monitor.config import AUTHOR, Config
from monitor.delivery import Delivery
from monitor.incidents import Book, Change
from monitor.model.alert import Severity
from monitor.model.incident import Window, WindowKind
from monitor.pipeline import Pipeline
from monitor.redaction import Gate
from monitor.stores import Store

#: Recurring maintenance is laid out this far ahead, and again every hour.
WINDOWS_AHEAD_SECONDS = 8 * 86_400.0
#: A window set by hand is at most this long: silence is how an attacker would hide.
WINDOW_MAX_SECONDS = 86_400.0


class NotThere(LookupError):  # noqa: N818 - reads as a fact
    """A command names something that does not exist."""


class People:
    """Every command returns when what it did is durable. ``delivery`` and ``gate`` are asked for anew: a reload replaces them."""

    def __init__(
        self,
        book: Book,
        pipeline: Pipeline,
        store: Store,
        *,
        delivery: Callable[[], Delivery],
        gate: Callable[[], Gate],
        wall: Callable[[], float],
        randomness: Callable[[int], bytes],
    ) -> None:
        self._book = book
        self._pipeline = pipeline
        self._store = store
        self._delivery = delivery
        self._gate = gate
        self._wall = wall
        self._randomness = randomness

    async def acknowledge(self, incident: str, by: str) -> None:
        await self._work(incident, lambda at: self._book.acknowledge(incident, self._safe(by), at))

    async def note(self, incident: str, by: str, text: str) -> None:
        await self._work(incident, lambda at: self._book.note(incident, self._safe(by), self._safe(text), at))

    async def resolve(self, incident: str, by: str) -> None:
        await self._work(incident, lambda at: self._book.resolve(incident, self._safe(by), at))

    async def assign(self, incident: str, by: str, to: str) -> None:
        """``to`` "": nobody has it any more."""
        await self._work(incident, lambda at: self._book.assign(incident, self._safe(by), self._safe(to), at))

    async def escalate(self, incident: str, by: str) -> None:
        await self._work(incident, lambda at: self._book.escalate(incident, self._safe(by), at))

    async def snooze(self, incident: str, by: str, until: float) -> None:
        """``until``: UTC seconds."""
        await self._work(incident, lambda at: self._book.snooze(incident, self._safe(by), until, at))

    async def pend(self, incident: str, by: str, reason: str) -> None:
        await self._work(incident, lambda at: self._book.pend(incident, self._safe(by), self._safe(reason), at))

    async def resume(self, incident: str, by: str) -> None:
        await self._work(incident, lambda at: self._book.resume(incident, self._safe(by), at))

    async def prioritise(self, incident: str, by: str, severity: Severity | None) -> None:
        """None: its alerts decide again."""
        await self._work(incident, lambda at: self._book.prioritise(incident, self._safe(by), severity, at))

    async def _work(self, incident: str, act: Callable[[float], Change]) -> None:
        """Raises NotThere, and Refused when it cannot be from where the incident stands."""
        if incident not in self._book.incidents:
            raise NotThere(f"there is no incident {incident} that can still change")
        await self._pipeline.change(act(self._wall()))

    def _safe(self, text: str) -> str:
        return self._gate().text(text)

    async def retry(self, row: str) -> None:
        """A dead ticket command. Raises NotThere, and ValueError when it is not dead."""
        try:
            await self._delivery().retry(row)
        except LookupError as error:
            raise NotThere(str(error)) from None

    async def add_window(
        self,
        config: Config,
        *,
        kind: str,
        starts: float,
        ends: float,
        author: str,
        reason: str,
        checks: list[str],
        targets: list[str],
    ) -> Window:
        """Raises ValueError when it covers nothing that exists, ends before it starts, or lasts longer than a day."""
        unknown = [name for name in checks if name not in config.checks]
        unknown += [name for name in targets if name not in config.targets]
        if unknown:
            raise ValueError(f"there is no check or target called {', '.join(unknown)}")
        if not 0 < ends - starts <= WINDOW_MAX_SECONDS:
            raise ValueError("a window ends after it starts and lasts at most 24 h")
        now = self._wall()
        name = f"win_{int(now * 1000):x}{self._randomness(3).hex()}"
        safe = self._gate().text(reason)
        window = Window(name, WindowKind(kind), starts, ends, author, safe, tuple(checks), tuple(targets), created=now)
        await self._pipeline.windows([window], self._book.window_added(window, now))
        return window

    async def end_window(self, window: str, by: str) -> None:
        """Raises NotThere when it is over already, or never was."""
        try:
            ended, change = self._book.window_ended(window, by, self._wall())
        except LookupError as error:
            raise NotThere(str(error)) from None
        await self._pipeline.windows([ended], change)

    async def lay_out_windows(self, config: Config) -> None:
        """Configured maintenance of the coming days, as windows like those set by hand. One ended early stays ended."""
        now = self._wall()
        configured = config.windows(now, now + WINDOWS_AHEAD_SECONDS)
        stored = await self._store.windows(since=min((one.starts for one in configured), default=now))
        known = {window.id for window in stored}
        for window in configured:
            if window.id not in known:
                await self._pipeline.windows([window], self._book.window_added(window, now))

    async def withdraw_windows(self, config: Config) -> None:
        """After a reload: maintenance that the configuration no longer names ends now."""
        now = self._wall()
        named = {window.id for window in config.windows(now, now + WINDOWS_AHEAD_SECONDS)}
        for window in await self._store.windows(since=now):
            if window.author == AUTHOR and window.id not in named:
                await self.end_window(window.id, AUTHOR)
