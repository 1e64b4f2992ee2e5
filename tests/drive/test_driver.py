"""The driver: what only the edge can know. Time is simulated; probes are hands that answer as told."""

import asyncio
import zlib
from dataclasses import replace
from decimal import Decimal

import pytest

from monitor.model.check import Check, MoveKind, Moves, Step, Stratum, Target
from monitor.model.money import Money
from monitor.model.outcome import NetworkReason, Outcome
from monitor.model.result import Exchange, Reach, TlsFacts
from monitor.model.secret import Secret
from monitor.model.text import Text
from monitor.probes import evidence
from monitor.probes.drive import LAST_ANSWER_SECONDS, Driver
from monitor.probes.identity import new_run_id, reference_of
from monitor.probes.money import MoneyRefused
from monitor.redaction import Gate
from monitor.testing.simtime import SimulatedClock, simulate
from monitor.transactions.expressions import SCOPE_NAMES, compile_expression
from monitor.transactions.template import Place, compile_template

O, R = Outcome, NetworkReason  # noqa: E741


def step(name, *, method="POST", undo=None, expect=(), timeout=5.0):
    takes = Moves(MoveKind.HOLD, Money(100, "USD"), undo) if undo else None
    request = compile_template({"method": method, "path": f"/{name}/${{run.reference}}"}, {"path": Place.PATH})
    found = tuple(compile_expression(text, SCOPE_NAMES) for text in expect)
    return Step(name, "http", request, timeout, expect=found, moves=takes)


def check(*steps, undo=(), **fields):
    return Check("card", Text("Card"), "gateway", 30.0, 20.0, 10.0, steps, {each.name: each for each in undo}, **fields)


PAYMENT = check(step("authorise", undo="void"), step("read", method="GET"), undo=(step("void"),))
#: Two undo steps, so that it lasts longer than a last answer may take.
LONG = Check(
    *("card", Text("Card"), "gateway", 60.0, 20.0, 20.0),
    (
        replace(step("authorise"), moves=Moves(MoveKind.HOLD, Money(100, "USD"), "void", otherwise=("refund",))),
        step("read", method="GET"),
    ),
    {"void": step("void", expect=["status == 201"]), "refund": step("refund")},
)
TARGET = Target("gateway", Text("Gateway"), "https://gateway.example")


class Hand:
    """A probe that answers each step after a while: an exchange, an exception to raise, or a plain 200."""

    def __init__(self, clock, takes=0.1, **answers):
        self.clock, self.takes, self.answers = clock, takes, answers
        self.calls, self.log, self.at_once, self.most_at_once = [], [], 0, 0

    async def run(self, call):
        name = call.options["path"].split("/")[1]
        self.calls.append(call)
        self.log.append(name)
        began = self.clock.monotonic()
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            takes = self.takes.get(name, 0.1) if isinstance(self.takes, dict) else self.takes
            async with asyncio.timeout(call.timeout_seconds):
                await asyncio.sleep(takes)
        except TimeoutError:
            return Exchange(Reach.SENT, began, call.timeout_seconds, reason=R.ANSWER_TIMEOUT)
        finally:
            self.at_once -= 1
        answer = self.answers.get(name, 200)
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, int):
            return Exchange(
                Reach.ANSWERED, began, takes, status=answer, body={}, request_line=f"{call.options['method']} /{name}"
            )
        return answer

    async def close(self):
        pass


class Books:
    """A ledger that remembers the order of things and may refuse."""

    def __init__(self, hand, refuse=()):
        self.hand, self.refuse = hand, dict(refuse)

    async def intend(self, do, check, run):
        await asyncio.sleep(0.01)
        if do.step.name in self.refuse:
            raise self.refuse[do.step.name]
        self.hand.log.append(f"intend {do.step.name}")

    async def settle(self, do, exchange, judged):
        self.hand.log.append(f"settle {do.step.name} {judged.result.outcome}")

    async def ended(self, run):
        pass


def run(found=PAYMENT, *, takes=0.1, refuse=None, target=TARGET, answers=None, signers=None, **options):
    """One run in simulated time. Gives its result and the hand that served it."""

    async def main():
        clock = SimulatedClock()
        hand = Hand(clock, takes, **(answers or {}))
        money = Books(hand, refuse) if refuse is not None else None
        driver = Driver({"http": hand}, signers or {}, clock, money=money, randomness=bytes, **options)
        return await driver.run(found, target, 7, clock.wall() - 0.5, 0.5, "local"), hand

    return simulate(main)


def test_a_run_becomes_a_result():
    result, hand = run()
    assert ["authorise", "read", "void"] == hand.log
    assert ("card", "gateway", "local", 7, 0.5) == (
        result.check,
        result.target,
        result.location,
        result.slot,
        result.late_seconds,
    )
    assert (O.OK, True, (), False) == (result.outcome, result.good, result.open_undo, result.suspect)
    assert result.duration_seconds == pytest.approx(0.2, abs=1e-6)
    assert ["authorise", "read", "void"] == [each.name for each in result.steps]
    assert result.due < result.started


def test_requests_say_who_asks_and_carry_the_key_that_the_target_wants():
    target = Target("gateway", Text("G"), "https://g.example", idempotency_header="Idempotency-Key")
    result, hand = run(target=target, signers={"gateway": "signature"})
    authorise, read, void = hand.calls
    assert authorise.headers["User-Agent"].startswith("paycanary/")
    assert f"{result.run_id}-0" == authorise.headers["Idempotency-Key"]
    assert f"{result.run_id}-2" == void.headers["Idempotency-Key"]
    assert "Idempotency-Key" not in read.headers
    assert "signature" == authorise.signature
    assert "Idempotency-Key" not in run()[1].calls[0].headers


def test_nothing_is_sent_that_is_not_written_down_before():
    _, hand = run(refuse={})
    assert [
        *("intend authorise", "authorise", "settle authorise ok"),
        "read",
        *("intend void", "void", "settle void ok"),
    ] == hand.log


@pytest.mark.parametrize(
    ("refusal", "said"),
    [
        (MoneyRefused("the daily cap is reached"), "not sent: the daily cap is reached"),
        (OSError("disk"), "could not be written down (OSError)"),
    ],
)
def test_a_refused_step_is_not_sent_and_not_the_gateways_fault(refusal, said):
    result, hand = run(refuse={"authorise": refusal})
    assert "authorise" not in hand.log
    assert (O.AGENT_FAULT, None, R.INTERNAL) == (result.outcome, result.good, result.reason)
    assert said in result.message


def test_an_end_that_cannot_be_written_down_does_not_stop_the_undo(monkeypatch):
    async def broken(self, do, exchange, judged):
        raise OSError("disk full")

    monkeypatch.setattr(Books, "settle", broken)
    result, hand = run(refuse={})
    assert "void" == hand.log[-1]
    assert result.good


def test_a_bug_of_ours_in_a_probe_is_ours_and_the_money_comes_back():
    result, hand = run(answers={"authorise": ZeroDivisionError("secret text")})
    assert ["authorise", "void"] == hand.log
    assert (O.AGENT_FAULT, None, R.INTERNAL, ()) == (result.outcome, result.good, result.reason, result.open_undo)
    assert "an error inside the monitor: ZeroDivisionError" == result.message


def test_a_bug_of_ours_anywhere_else_is_a_result_too():
    result, _ = run(target=Target("gateway", Text("G"), "https://g.example", dialect="none such"))
    assert (O.AGENT_FAULT, None, R.INTERNAL, ()) == (result.outcome, result.good, result.reason, result.steps)


def test_a_lost_answer_to_a_money_step_is_undone():
    result, hand = run(takes={"authorise": 60.0})
    assert ["authorise", "void"] == hand.log
    assert (O.TIMEOUT_UNKNOWN, R.ANSWER_TIMEOUT) == (result.outcome, result.reason)
    assert result.duration_seconds == pytest.approx(5.0, abs=1e-6)


def test_a_deadline_that_passed_while_we_stood_still_is_ours():
    asked = []

    def stalled(since, until):
        asked.append(until - since)
        return True

    result, _ = run(takes={"authorise": 60.0}, stalled=stalled)
    assert (O.AGENT_FAULT, None, R.LOOP_STALL, True) == (result.outcome, result.good, result.reason, result.suspect)
    assert asked[0] == pytest.approx(0.25)


def test_a_stall_elsewhere_in_the_run_only_makes_it_suspect():
    result, _ = run(stalled=lambda since, until: until - since > 0.25, takes=0.2)
    assert (True, True) == (result.good, result.suspect)


def test_a_run_tells_control_and_stratum():
    cells = (Stratum((("brand", "visa"),)),)
    result, _ = run(check(step("read", method="GET"), strata=cells, control=True))
    assert ("brand=visa", True) == (result.stratum, result.control)


def several(count, target, takes=1.0, found=None):
    async def main():
        clock = SimulatedClock()
        hand = Hand(clock, takes)
        driver = Driver({"http": hand}, {}, clock)
        runs = (driver.run(found or check(step("read", method="GET")), target, n, 0.0, 0.0, "local") for n in range(count))
        return await asyncio.gather(*runs), hand

    return simulate(main)


def test_a_target_gets_no_more_requests_at_once_than_it_may():
    results, hand = several(6, Target("gateway", Text("G"), "https://g.example", max_concurrency=2))
    assert 2 == hand.most_at_once
    assert all(result.good for result in results)


def test_waiting_for_our_own_turn_is_measured_apart_and_never_the_targets():
    results, _ = several(6, Target("gateway", Text("G"), "https://g.example", max_concurrency=2))
    assert [pytest.approx(1.0, abs=1e-3)] * 6 == [result.duration_seconds for result in results]
    queued = sorted(result.steps[0].queued_seconds for result in results)
    assert [pytest.approx(seconds, abs=1e-3) for seconds in (0, 0, 1, 1, 2, 2)] == queued


def test_waiting_too_long_for_our_own_turn_is_our_fault():
    results, _ = several(4, Target("gateway", Text("G"), "https://g.example", max_concurrency=1), takes=4.0)
    assert [O.OK, O.OK, O.AGENT_FAULT, O.AGENT_FAULT] == sorted((result.outcome for result in results), reverse=True)
    assert "too many of our own requests" in results[-1].message


def stopped(after, takes, *, again=None, found=PAYMENT):
    """Cancel a run ``after`` so many seconds; again after ``again``."""

    async def main():
        clock = SimulatedClock()
        hand = Hand(clock, takes)
        driver = Driver({"http": hand}, {}, clock, money=Books(hand))
        task = asyncio.get_running_loop().create_task(driver.run(found, TARGET, 1, 0.0, 0.0, "local"))
        for seconds in filter(None, (after, again)):
            await asyncio.sleep(seconds)
            task.cancel()
        return await task, hand, clock.monotonic()

    return simulate(main)


def test_told_to_stop_between_money_and_its_undo_the_money_still_comes_back():
    result, hand, took = stopped(0.5, {"authorise": 0.1, "read": 3.0, "void": 0.5})
    assert ["authorise", "read", "void"] == [entry for entry in hand.log if " " not in entry]
    assert (O.UNKNOWN, None, R.SHUTDOWN, ()) == (result.outcome, result.good, result.reason, result.open_undo)
    assert took < 1.5


def test_a_money_step_under_way_may_still_be_answered():
    result, hand, _ = stopped(0.5, {"authorise": 2.0})
    assert ["authorise", "void"] == [entry for entry in hand.log if " " not in entry]
    assert [O.OK, O.UNKNOWN, O.OK] == [each.outcome for each in result.steps]


def test_a_money_step_under_way_is_not_waited_for_for_ever():
    found = Check(
        "card", Text("C"), "gateway", 90.0, 60.0, 10.0, (step("authorise", undo="void", timeout=60.0),), {"void": step("void")}
    )
    result, hand, took = stopped(0.5, {"authorise": 50.0}, found=found)
    assert LAST_ANSWER_SECONDS < took < LAST_ANSWER_SECONDS + 2
    assert "void" == hand.log[-2]
    assert (O.UNKNOWN, ()) == (result.outcome, result.open_undo)


def test_told_twice_the_undo_still_ends():
    _, hand, _ = stopped(0.5, {"read": 3.0, "void": 1.0}, again=0.3)
    assert "settle void ok" == hand.log[-1]


def test_told_during_the_undo_nothing_changes():
    result, _, _ = stopped(0.5, {"authorise": 0.1, "read": 0.1, "void": 2.0})
    assert (True, ()) == (result.good, result.open_undo)


def test_an_answer_that_came_in_time_is_not_cut_off_later():
    result, _, took = stopped(0.5, {"authorise": 4.0, "void": 4.5, "refund": 4.5}, found=LONG)
    assert took > LAST_ANSWER_SECONDS + 0.5
    assert ([O.OK, O.UNKNOWN], ()) == ([each.outcome for each in result.steps[:2]], result.open_undo)


def test_a_run_without_money_ends_at_once():
    result, hand, took = stopped(0.5, 3.0, found=check(step("read", method="GET"), step("other", method="GET")))
    assert ["read"] == hand.log
    assert (O.UNKNOWN, None) == (result.outcome, result.good)
    assert took < 0.6


def test_failures_keep_their_evidence_and_good_runs_a_sample():
    assert not run()[0].evidence
    assert run(good_sample=1)[0].evidence
    result, _ = run(answers={"read": 503})
    document = evidence.unpack(result.evidence)
    assert (result.run_id, "card", "tech_gateway", "HTTP 503") == tuple(
        document[key] for key in ("run", "check", "outcome", "message")
    )
    assert ["authorise", "read", "void"] == [each["name"] for each in document["steps"]]
    assert [False, False, True] == [each["undo"] for each in document["steps"]]
    assert "GET /read" == document["steps"][1]["request"]


def test_evidence_shows_the_handshake():
    tls = TlsFacts("TLSv1.3", "AES", 2.0, 1.0, "CN=ca", "CN=x")
    result, _ = run(answers={"read": Exchange(Reach.ANSWERED, 0.0, 0.1, status=500, tls=tls)})
    assert {"version": "TLSv1.3", "cipher": "AES", "chain_expires": 1.0} == evidence.unpack(result.evidence)["steps"][1]["tls"]


def test_evidence_keeps_neither_secrets_nor_cards_nor_header_values():
    body = b'{"card": "5123450000000008", "echo": "hunter2-api-password", "pad": "' + b"x" * 5_000 + b'5123450000000008"}'
    answer = Exchange(
        *(Reach.ANSWERED, 0.0, 0.1),
        status=500,
        headers={"set-cookie": "session=hunter2-api-password", "content-type": "application/json"},
        body={"price": Decimal("1.0")},
        raw=body,
        request_line="POST /pay?card=5123450000000008",
    )
    result, _ = run(answers={"authorise": answer}, gate=Gate([Secret("hunter2-api-password")]))
    text = zlib.decompress(result.evidence).decode()
    assert "hunter2" not in text
    assert "5123450000000008" not in text
    step_ = evidence.unpack(result.evidence)["steps"][0]
    assert ["content-type", "set-cookie"] == step_["headers"]
    assert step_["body"].endswith("…")
    assert len(step_["body"]) < 2_100


def test_a_secret_that_the_gateway_echoes_stays_out_of_the_result():
    answer = Exchange(Reach.ANSWERED, 0.0, 0.1, status=200, body={"echo": "hunter2-api-password"})
    found = check(step("read", method="GET", expect=['body.echo == ""']))
    result, _ = run(found, answers={"read": answer}, gate=Gate([Secret("hunter2-api-password")]))
    assert 'expected body.echo == ""' in result.message
    assert "hunter2" not in result.message + result.steps[0].message


def test_a_secret_that_the_gateway_uses_as_a_name_is_not_in_a_trait():
    answer = Exchange(
        Reach.ANSWERED, 0.0, 0.1, status=200, body={"hunter-api-password": 1}, headers={"x-hunter-api-password": "1"}
    )
    found = check(step("read", method="GET"))
    result, _ = run(found, answers={"read": answer}, gate=Gate([Secret("hunter-api-password")]))
    assert ["headers", "schema"] == [name for name, _ in result.steps[0].traits]
    assert "hunter" not in str(result.steps[0].traits)


def test_run_ids_sort_by_time_and_are_ulids():
    assert "01ARYZ6S41" == new_run_id(1469918176.385, bytes)[:10]  # the example of the ULID specification
    ids = [new_run_id(at, bytes) for at in (1.0, 1.001, 2.0, 1_800_000_000.0)]
    assert ids == sorted(ids)
    assert {26} == {len(each) for each in ids}
    assert new_run_id(1.0, lambda n: b"\xff" * n)[10:] == "Z" * 16


def test_a_reference_fits_the_shortest_order_id():
    reference = reference_of(new_run_id(1_800_000_000.0, bytes), "a-long-installation-name")
    assert reference.startswith("pc-a-long-i-")
    assert len(reference) <= 40
