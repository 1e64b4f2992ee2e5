"""Starts after bad ends, against the sandbox over TLS: nothing stays open, nothing is taken twice, and no money moves before."""

import asyncio
import time

import pytest
from ledger_world import CHECKS, LEDGER, PREFIX, canary, write_config

from monitor.ledger.entries import Closed, Intended, Proof, from_row
from monitor.model.outcome import NetworkReason, Outcome
from monitor.sandbox.faults import parse
from monitor.sandbox.server import Sandbox, Settings
from monitor.stores.ledger import LedgerFile

ORPHANS = 200
#: Keys that the gateway remembers for so short a time are forgotten by every recovery.
FORGOTTEN_SECONDS = 0.05


@pytest.fixture
async def sandbox(tmp_path):
    settings = Settings(tmp_path / "sandbox", port=0, desk_port=0, seed=1, search_lag_seconds=0.05, key_seconds=FORGOTTEN_SECONDS)
    async with Sandbox(settings) as running:
        write_config(tmp_path, running.base_url, tmp_path / "sandbox", settle="100ms", timeout="500ms")
        yield running


def break_(sandbox, *faults):
    sandbox.faults.replace("test", [parse(fault) for fault in faults], time.time())


def open_money(sandbox):
    return sandbox.core.open_items(time.time())


def twice(sandbox):
    return [reference for reference, count in sandbox.core.charges().items() if count > 1]


class CutOff(BaseException):
    """A process that ends in the middle of a run."""


class Cut:
    """A gate that ends the run after so many money steps of it, as a kill would: nothing is settled and nothing undone."""

    def __init__(self, ledger):
        self._gate = ledger.gate

    async def intend(self, do, check, run):
        if do.undo:
            raise CutOff
        await self._gate.intend(do, check, run)

    async def settle(self, do, exchange, judged):
        raise CutOff

    async def ended(self, run):
        pass


async def orphan(folder, count):
    """Leave ``count`` runs in the middle of their money."""
    async with canary(folder, gate=Cut) as one:

        async def cut(number):
            with pytest.raises(CutOff):
                await one.once(CHECKS[number % len(CHECKS)], number)

        for first in range(0, count, 20):
            await asyncio.gather(*(cut(number) for number in range(first, first + 20)))


async def recovered(folder, seconds=30.0):
    """A start that runs until its books are empty. Gives the entries in the file."""
    async with canary(folder) as one:
        janitor = asyncio.create_task(one.ledger.run())
        async with asyncio.timeout(seconds):
            while one.ledger.keeper.books.open:
                await asyncio.sleep(0.02)
        janitor.cancel()
        await asyncio.gather(janitor, return_exceptions=True)
        return [from_row(row) for row in await one.ledger.keeper.file.rows(100_000)]


async def test_two_hundred_orphans_are_recovered_after_the_gateway_forgot_its_keys(sandbox, tmp_path):
    await orphan(tmp_path, ORPHANS)
    assert ORPHANS == len(open_money(sandbox))
    await asyncio.sleep(2 * FORGOTTEN_SECONDS)
    entries = await recovered(tmp_path)
    assert [] == open_money(sandbox)
    assert [] == twice(sandbox)
    assert ORPHANS == sum(1 for entry in entries if isinstance(entry, Intended))
    assert ORPHANS == sum(sandbox.core.charges().values())


async def test_recovery_comes_before_any_new_money_step(sandbox, tmp_path):
    await orphan(tmp_path, 20)
    async with canary(tmp_path) as one:
        result = await one.once("mastercard-authorise-void")
        assert (Outcome.UNKNOWN, None, NetworkReason.MONEY) == (result.outcome, result.good, result.reason)
        assert "of an earlier run are being looked at first" in result.message
        await one.ledger.recover()
        assert (await one.once("mastercard-authorise-void")).good


async def test_a_run_that_ended_well_is_closed_by_a_read_of_its_own(sandbox, tmp_path):
    async with canary(tmp_path) as one:
        for check in CHECKS:
            assert (await one.once(check)).good
        assert len(CHECKS) == len(one.ledger.keeper.books.open)
    closed = [entry for entry in await recovered(tmp_path) if isinstance(entry, Closed)]
    assert [Proof.READ] * len(CHECKS) == [entry.proof for entry in closed]


@pytest.mark.parametrize("knob", ["drop_answer", "error_after", "error_before", "reset"])
@pytest.mark.parametrize("check", CHECKS)
async def test_a_lost_or_lying_answer_ends_closed(sandbox, tmp_path, check, knob):
    break_(sandbox, {"knob": knob, "operation": ["authorise", "pay", "capture", "void", "refund"]})
    async with canary(tmp_path) as one:
        await one.once(check)
    break_(sandbox)
    await recovered(tmp_path)
    assert ([], []) == (open_money(sandbox), twice(sandbox))


async def test_a_read_that_lags_never_makes_money_come_back_twice_or_stay(sandbox, tmp_path):
    break_(sandbox, {"knob": "stale_read", "seconds": 0.15})
    async with canary(tmp_path) as one:
        await asyncio.gather(*(one.once(check, slot) for check in CHECKS for slot in range(3)))
    await recovered(tmp_path)
    assert ([], []) == (open_money(sandbox), twice(sandbox))
    assert min(sandbox.core.ledger.totals()["USD"].values()) == 0


async def test_an_exception_inside_a_run_leaves_its_money_to_the_ledger(sandbox, tmp_path, monkeypatch):
    from monitor.transactions import script

    def broken(self):
        raise ZeroDivisionError

    monkeypatch.setattr(script._Script, "undo", broken)
    async with canary(tmp_path) as one:
        result = await one.once("stripe-brands")
        assert Outcome.AGENT_FAULT is result.outcome
        assert open_money(sandbox)
        await one.ledger.recover()
    assert [] == open_money(sandbox)


async def test_an_undo_refused_because_nothing_reached_the_gateway_is_proved_closed_by_the_read(sandbox, tmp_path):
    break_(sandbox, {"knob": "error_before", "operation": ["authorise"]})
    async with canary(tmp_path) as one:
        result = await one.once("mastercard-authorise-void")
        assert ("reverse",) == result.open_undo
    entries = await recovered(tmp_path)
    assert "absent" in {entry.proof for entry in entries if hasattr(entry, "proof")}


async def test_a_damaged_ledger_stops_money_is_kept_and_is_rebuilt_from_the_gateways(sandbox, tmp_path):
    await orphan(tmp_path, 20)
    (tmp_path / "data" / LEDGER).write_bytes(b"scrambled" * 1_000)
    async with canary(tmp_path) as one:
        result = await one.once("mastercard-authorise-void")
        assert (Outcome.UNKNOWN, NetworkReason.MONEY) == (result.outcome, result.reason)
        assert "the ledger was damaged" in result.message
        assert (await one.once("mastercard-liveness")).good
        janitor = asyncio.create_task(one.ledger.run())
        async with asyncio.timeout(20):
            while one.ledger.keeper.books.unswept or one.ledger.keeper.books.open:
                await asyncio.sleep(0.02)
        assert (await one.once("mastercard-authorise-void")).good
        janitor.cancel()
        await asyncio.gather(janitor, return_exceptions=True)
        await one.ledger.recover()
    assert ([], []) == (open_money(sandbox), twice(sandbox))
    assert 1 == len(list((tmp_path / "data").glob("ledger.db.damaged-*Z")))


async def test_the_sweep_finds_open_money_that_no_page_knows(sandbox, tmp_path, monkeypatch):
    from monitor.janitor import sweep

    monkeypatch.setattr(sweep, "YOUNG_SECONDS", 0.0)
    await orphan(tmp_path, 20)
    for path in (tmp_path / "data").glob("ledger.db*"):
        path.unlink()
    await asyncio.sleep(0.2)  # the gateway's list lags; a real sweep leaves the last ten minutes alone
    async with canary(tmp_path) as one:
        janitor = asyncio.create_task(one.ledger.run())
        async with asyncio.timeout(20):
            while open_money(sandbox):
                await asyncio.sleep(0.05)
        strays = sum(figure.strays for figure in one.ledger.figures())
        janitor.cancel()
        await asyncio.gather(janitor, return_exceptions=True)
    assert 20 == strays


async def test_money_of_others_is_never_touched_by_the_sweep(sandbox, tmp_path, monkeypatch):
    from monitor.janitor import sweep

    monkeypatch.setattr(sweep, "YOUNG_SECONDS", 0.0)
    await orphan(tmp_path, 20)
    (tmp_path / "data" / LEDGER).unlink()
    text = (tmp_path / "paycanary.yaml").read_text()
    (tmp_path / "paycanary.yaml").write_text(text)
    monkeypatch.setattr("ledger_world.PREFIX", "pc-other-")
    async with canary(tmp_path) as one:
        for target in one.config.targets.values():
            await one.ledger._sweeper.sweep(target)
        assert {} == one.ledger.keeper.books.open
    assert 20 == len(open_money(sandbox))


def test_references_of_this_installation_have_its_prefix():
    from monitor.probes.identity import new_run_id, reference_of

    assert reference_of(new_run_id(0.0, bytes), "test").startswith(PREFIX)
    assert reference_of("", "test") == PREFIX


async def test_told_to_stop_no_money_step_begins_and_what_is_open_comes_back(sandbox, tmp_path):
    async with canary(tmp_path) as one:
        run = asyncio.create_task(one.once("stripe-payment"))
        while not one.ledger.keeper.books.open:
            await asyncio.sleep(0)
        one.ledger.gate.stop()
        result = await run
        assert "capture" not in [step.name for step in result.steps if step.good]
        await one.ledger.stop(5.0)
        assert {} == one.ledger.keeper.books.open
    assert [] == open_money(sandbox)


async def test_a_ledger_that_cannot_be_written_refuses_money_and_reads_go_on(sandbox, tmp_path):
    file = LedgerFile(tmp_path / "data" / LEDGER)
    async with canary(tmp_path, file=file) as one:
        file.broken = "the disk failed"
        result = await one.once("mastercard-authorise-void")
        assert (Outcome.AGENT_FAULT, None) == (result.outcome, result.good)
        assert "the disk failed" in result.message
        assert (await one.once("mastercard-liveness")).good
        file.broken = ""
        assert (await one.once("mastercard-authorise-void")).good
    assert [] == open_money(sandbox)


async def test_an_undo_is_made_even_when_it_cannot_be_written_down(sandbox, tmp_path):
    file = LedgerFile(tmp_path / "data" / LEDGER)

    class FailsAfterIntent:
        def __init__(self, ledger):
            self.gate = ledger.gate

        async def intend(self, do, check, run):
            await self.gate.intend(do, check, run)
            file.broken = "the disk failed"

        async def settle(self, do, exchange, judged):
            await self.gate.settle(do, exchange, judged)

        async def ended(self, run):
            await self.gate.ended(run)

    async with canary(tmp_path, file=file, gate=FailsAfterIntent) as one:
        await one.once("stripe-brands")
        assert [] == open_money(sandbox)
        file.broken = ""
        await one.ledger.recover()
        assert {} == one.ledger.keeper.books.open
