import resource
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from probe_world import Authority

from monitor.net.contexts import TlsContexts
from monitor.net.resolver import Resolver
from monitor.probes.http import HttpProbe


@pytest.fixture
async def resolver() -> AsyncIterator[Resolver]:
    resolver = Resolver()
    yield resolver
    resolver.close()


@pytest.fixture
async def probe(resolver: Resolver) -> AsyncIterator[HttpProbe]:
    probe = HttpProbe(resolver, TlsContexts())
    yield probe
    await probe.close()


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority.make(tmp_path)


@pytest.fixture(scope="session", autouse=True)
def enough_files() -> Iterator[None]:
    """A thousand connections at once need more than the usual 1,024 descriptors."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 4096)), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
