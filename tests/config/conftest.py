import pytest

from monitor.config import snapshot


@pytest.fixture(autouse=True)
def files_are_at_rest(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody writes while these tests read, so nothing waits for it; the tests about writing say so by their marker."""
    if "writers" not in request.fixturenames:
        monkeypatch.setattr(snapshot, "SETTLE_SECONDS", 0.0)


@pytest.fixture
def writers() -> None:
    """Somebody writes the files while they are read."""
