"""Idempotency keys: the same request twice is one deed and one answer, for as long as the gateway remembers."""

import hashlib
from collections import OrderedDict
from dataclasses import dataclass

from monitor.sandbox.wire import Answer

#: More than a day of demo traffic; beyond it the oldest are forgotten early, so that memory stays flat.
MAX_KEYS = 50_000


class KeyReusedError(Exception):
    """The key came back with another request behind it."""


def fingerprint(*parts: bytes) -> bytes:
    """Stands for a request. A digest, since the request itself may carry a card number."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.digest()


@dataclass(frozen=True, slots=True)
class _Kept:
    at: float
    fingerprint: bytes
    answer: Answer


class Keys:
    """``lifetime_seconds`` None keeps a key for as long as there is room."""

    def __init__(self, lifetime_seconds: float | None) -> None:
        self._lifetime = lifetime_seconds
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    def find(self, key: str, request: bytes, now: float) -> Answer | None:
        """The answer given before, or None for a key not seen or forgotten. Raises KeyReusedError."""
        self._forget(now)
        kept = self._kept.get(key)
        if kept is None:
            return None
        if kept.fingerprint != request:
            raise KeyReusedError
        return kept.answer

    def keep(self, key: str, request: bytes, answer: Answer, now: float) -> None:
        self._kept.setdefault(key, _Kept(now, request, answer))
        if len(self._kept) > MAX_KEYS:
            self._kept.popitem(last=False)

    def _forget(self, now: float) -> None:
        while self._lifetime is not None and self._kept:
            oldest = next(iter(self._kept.values()))
            if now - oldest.at < self._lifetime:
                return
            self._kept.popitem(last=False)
