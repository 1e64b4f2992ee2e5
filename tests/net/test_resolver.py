import asyncio
import socket
import threading

import pytest

from monitor.net.resolver import ResolveFailed, Resolver, ResolverBusy, ResolveTimeout


class Names:
    """A ``getaddrinfo`` that is asked, counted, and held up at will."""

    def __init__(self):
        self.asked = []
        self.release = threading.Event()
        self.stuck = set()

    def __call__(self, host, port, **kwargs):
        self.asked.append(host)
        if host in self.stuck:
            self.release.wait(20)
        if host == "none":
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.7", 0)),
            (socket.AF_INET6, 1, 6, "", ("2001:db8::7", 0, 0, 0)),
        ]


@pytest.fixture
def names():
    names = Names()
    yield names
    names.release.set()


async def test_a_name_becomes_addresses_with_the_port_and_the_time_it_took(names):
    resolver = Resolver(getaddrinfo=names)
    found = await resolver.lookup("gateway.example", 443)
    resolver.close()

    assert [("192.0.2.7", 443), ("2001:db8::7", 443, 0, 0)] == [info[4] for info in found.addresses]
    assert found.seconds is not None
    assert found.seconds >= 0
    assert found.queued >= 0


@pytest.mark.parametrize(
    ("host", "family"), [("127.0.0.1", socket.AF_INET), ("::1", socket.AF_INET6), ("[::1]", socket.AF_INET6)]
)
async def test_an_address_is_asked_of_nobody_and_takes_no_time(names, host, family):
    found = await Resolver(getaddrinfo=names).lookup(host, 80)

    assert ([], None, family) == (names.asked, found.seconds, found.addresses[0][0])


@pytest.mark.parametrize("host", ["127.1", "0x7f000001", "2130706433"])
async def test_odd_spellings_become_the_address_they_mean(host):
    resolver = Resolver()
    found = await resolver.lookup(host, 80)
    resolver.close()

    assert {"127.0.0.1"} == {info[4][0] for info in found.addresses}


async def test_asked_a_hundred_times_at_once_it_asks_once(names):
    names.stuck.add("slow")
    resolver = Resolver(getaddrinfo=names)
    waiting = [asyncio.create_task(resolver.lookup("slow", port)) for port in range(100)]
    await asyncio.sleep(0.02)
    names.release.set()
    found = await asyncio.gather(*waiting)
    resolver.close()

    assert ["slow"] == names.asked
    assert list(range(100)) == [one.addresses[0][4][1] for one in found]


async def test_nothing_is_remembered_unless_asked_for(names):
    resolver, remembering = Resolver(getaddrinfo=names), Resolver(getaddrinfo=names, cache_seconds=60)
    for _ in range(3):
        await resolver.lookup("a", 1)
        last = await remembering.lookup("b", 1)
    resolver.close()
    remembering.close()

    assert ["a", "a", "a", "b"] == sorted(names.asked)
    assert last.seconds is None


async def test_a_name_that_is_not_there_is_a_sentence(names):
    resolver = Resolver(getaddrinfo=names)
    with pytest.raises(ResolveFailed, match="cannot resolve none: the name does not exist") as failed:
        await resolver.lookup("none", 80)
    with pytest.raises(ResolveFailed, match="not a valid host name"):
        await Resolver().lookup("a" * 70 + ".example", 80)
    resolver.close()

    assert socket.EAI_NONAME == failed.value.code


async def test_a_stuck_name_times_out_and_from_then_on_waits_apart(names):
    names.stuck |= {f"dead{n}" for n in range(4)}
    resolver = Resolver(getaddrinfo=names, timeout_seconds=0.1, quick_threads=4, slow_threads=1)
    for result in await asyncio.gather(*(resolver.lookup(f"dead{n}", 80) for n in range(4)), return_exceptions=True):
        assert isinstance(result, ResolveTimeout)
    names.release.set()  # they come back, and are asked again: known to be slow, all four on the one slow thread
    for _ in range(100):
        if not resolver._flights:
            break
        await asyncio.sleep(0.01)
    names.release.clear()
    again = [asyncio.create_task(resolver.lookup(f"dead{n}", 80)) for n in range(4)]
    await asyncio.sleep(0)
    healthy = await resolver.lookup("healthy", 80)
    results = await asyncio.gather(*again, return_exceptions=True)
    names.release.set()
    resolver.close()

    assert healthy.addresses
    assert [ResolveTimeout, ResolverBusy, ResolverBusy, ResolverBusy] == [type(result) for result in results]


async def test_a_caller_that_gives_up_does_not_take_the_answer_from_the_others(names):
    names.stuck.add("slow")
    resolver = Resolver(getaddrinfo=names)
    first, second = (asyncio.create_task(resolver.lookup("slow", 80)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    names.release.set()
    assert (await second).addresses
    resolver.close()


async def test_without_a_free_thread_it_says_that_nobody_was_asked(names):
    names.stuck.add("dead")
    resolver = Resolver(getaddrinfo=names, quick_threads=1, timeout_seconds=0.1)
    stuck = asyncio.create_task(resolver.lookup("dead", 80))
    await asyncio.sleep(0)
    with pytest.raises(ResolverBusy):
        await resolver.lookup("healthy", 80)
    assert resolver.waiting("healthy")
    with pytest.raises(ResolveTimeout):
        await stuck
    names.release.set()
    resolver.close()


async def test_a_bug_in_the_system_call_reaches_the_caller():
    def broken(*args, **kwargs):
        raise OSError(24, "Too many open files")

    resolver = Resolver(getaddrinfo=broken)
    with pytest.raises(OSError, match="Too many open files"):
        await resolver.lookup("a", 80)
    resolver.close()
