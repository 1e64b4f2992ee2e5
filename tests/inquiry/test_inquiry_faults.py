"""Real faults of a real gateway over TLS: what is asked, what is seen, and which layer is blamed."""

from dataclasses import replace
from pathlib import Path

from inquiry_world import TROUBLED_RUNS, bench, recent, tried

from monitor.model.allowance import Allowance
from monitor.model.outcome import NetworkReason, Outcome
from monitor.model.triage import Experiment, Layer, Mark


async def test_a_closed_port_is_seen_by_every_question_and_blamed_on_the_gateway(tmp_path: Path) -> None:
    async with bench(tmp_path) as here:
        case, verdict = await here.troubled_by({"knob": "refuse"})

    for experiment in (Experiment.CONNECT, Experiment.HANDSHAKE, Experiment.FRONT_DOOR):
        [seen] = tried(case, experiment)
        assert (False, NetworkReason.TCP_REFUSED) == (seen.good, seen.reason)
    assert Layer.GATEWAY is verdict.layer


async def test_a_gateway_that_is_unavailable_answers_tcp_and_tls_and_not_its_front_door(tmp_path: Path) -> None:
    async with bench(tmp_path) as here:
        case, verdict = await here.troubled_by({"knob": "unavailable"})

    assert all(seen.good for seen in (*tried(case, Experiment.CONNECT), *tried(case, Experiment.HANDSHAKE)))
    [door] = tried(case, Experiment.FRONT_DOOR)
    assert (False, 503, "json") == (door.good, door.status, door.content)
    assert Layer.GATEWAY is verdict.layer
    assert all(finding.said.en and finding.said.zh for finding in verdict.findings)


async def test_a_refused_credential_leaves_the_front_door_open(tmp_path: Path) -> None:
    async with bench(tmp_path) as here:
        case, verdict = await here.troubled_by({"knob": "merchant_disabled"})
        await here.caller.faults()

    [door] = tried(case, Experiment.FRONT_DOOR)
    assert door.good
    assert not any(seen.good for seen in tried(case, Experiment.READ))
    assert verdict.layer in (Layer.AUTHENTICATION, Layer.CONFIGURATION)


async def test_a_second_credential_that_works_puts_it_down_to_the_first(tmp_path: Path) -> None:
    second = '{basic: {username: merchant.TESTCANARY, password: "${file:sandbox/mastercard.second-password}"}}'
    async with bench(tmp_path, more=f"    second_credential: {second}\n") as here:
        case, verdict = await here.troubled_by({"knob": "key_rotated"})

    [credential] = tried(case, Experiment.CREDENTIAL)
    assert credential.good
    assert [False] == [seen.good for seen in tried(case, Experiment.READ)]
    assert Layer.AUTHENTICATION is verdict.layer


async def test_a_page_for_people_is_blamed_on_what_stands_before_the_gateway(tmp_path: Path) -> None:
    async with bench(tmp_path) as here:
        case, verdict = await here.troubled_by({"knob": "html_403"})

    [door] = tried(case, Experiment.FRONT_DOOR)
    assert (False, "html") == (door.good, door.content)
    assert "html" == recent(case, Experiment.READ, "information").content
    assert Layer.EDGE is verdict.layer


async def test_a_certificate_that_soon_ends_is_read_from_the_handshake(tmp_path: Path) -> None:
    async with bench(tmp_path) as here:
        case, verdict = await here.troubled_by({"knob": "short_certificate", "days": 3})

    [shaken] = tried(case, Experiment.HANDSHAKE)
    assert shaken.tls is not None
    assert 2 < (shaken.tls.chain_expires - case.at) / 86_400 < 3.1
    assert Layer.TLS is verdict.layer


async def test_one_brand_down_is_a_stratum_that_fails_beside_one_that_does_not(tmp_path: Path) -> None:
    async with bench(tmp_path) as here:
        case, verdict = await here.troubled_by({"knob": "brand_down", "brand": "visa", "seconds": 0.05})

    visa, mastercard = (recent(case, Experiment.STRATUM, f"brand={name}") for name in ("visa", "mastercard"))
    assert (TROUBLED_RUNS // 2, 0) == (visa.bad, mastercard.bad)  # of ``runs``, which begin shortly before the trouble
    assert visa.outcome in (Outcome.TECH_ISSUER, Outcome.TECH_ACQUIRER)
    assert recent(case, Experiment.WRITE, "authorise").bad
    assert not recent(case, Experiment.READ, "search").bad
    assert ("brand=visa", True) == (verdict.where, verdict.layer in (Layer.SCHEME, Layer.ISSUER))


async def test_of_two_addresses_the_dead_one_is_named(tmp_path: Path) -> None:
    async with bench(tmp_path, host="localhost", addresses=("127.0.0.1", "127.0.0.2")) as here:
        case, _ = await here.troubled_by()

    assert {("127.0.0.1", True), ("127.0.0.2", False)} == {
        (seen.subject, seen.good) for experiment in (Experiment.CONNECT, Experiment.ADDRESS) for seen in tried(case, experiment)
    }
    [resolved] = tried(case, Experiment.RESOLVE)
    assert ("127.0.0.1", "127.0.0.2") == resolved.answers


async def test_without_budget_nothing_is_asked_and_every_question_says_why(tmp_path: Path) -> None:
    async with bench(tmp_path) as here:
        await here.caller.faults({"knob": "unavailable"})
        await here.run(range(3))
        scarce = Allowance(requests_per_second=0.01, burst=1)
        here.governor.adopt([replace(here.config.targets["mastercard"], allowance=scarce)])
        assert "" == await here.governor.ask("mastercard", 1.0)  # the one there was
        case, verdict = await here.look(0.0)

    skipped = [*tried(case, Experiment.FRONT_DOOR), *tried(case, Experiment.CONNECT)]
    assert 2 == len(skipped)
    assert all(seen.good is None and "needed for the checks" in seen.message for seen in skipped)
    assert Mark.SKIPPED in {finding.mark for finding in verdict.findings}


async def test_a_name_that_does_not_resolve_is_told_with_its_code(tmp_path: Path) -> None:
    async with bench(tmp_path, host="gateway.invalid") as here:
        case, verdict = await here.look(0.0)

    [resolved] = tried(case, Experiment.RESOLVE)
    assert False is resolved.good
    assert resolved.reason in (NetworkReason.DNS, NetworkReason.DNS_TIMEOUT)
    assert verdict.layer in (Layer.DNS, Layer.US, Layer.UNKNOWN)
