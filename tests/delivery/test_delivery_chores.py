"""What a desk is owed beside its rows: the first that is due, and of those with nobody at work on them."""

import random

from desk_model import make_row, make_ticket

from monitor.connectors import Capabilities
from monitor.delivery.chores import ChoreKind, Chores
from monitor.model.incident import CommandKind, OutboxRow, OutboxState

SWEEP_SECONDS, REFRESH_SECONDS = 900.0, 120.0
OWED = Capabilities(idempotent_create=False, finds=True, reopens=True, settle_seconds=5.0, refresh_seconds=REFRESH_SECONDS)


def sent(name: str, kind: CommandKind = CommandKind.OPEN, at: float = 0.0) -> OutboxRow:
    return make_row(make_ticket(name, kind), state=OutboxState.SENT, sent=at)


def told(chore) -> tuple[ChoreKind, str] | None:
    return chore and (chore.kind, chore.row.ticket.incident)


def test_the_first_that_is_due_is_taken_and_one_that_is_being_worked_on_is_passed_over():
    chores = Chores(OWED, SWEEP_SECONDS)
    chores.sent(sent("later", at=5.0), 5.0, created=False)
    chores.sent(sent("sooner"), 0.0, created=False)
    assert (120.0, 125.0) == (chores.next_at(()), chores.next_at({"sooner"}))
    assert chores.take(119.0, ()) is None
    assert chores.take(120.0, {"sooner"}) is None
    assert (ChoreKind.REFRESH, "sooner") == told(chores.take(125.0, ()))
    assert (ChoreKind.REFRESH, "later") == told(chores.take(125.0, ()))
    assert 245.0 == chores.next_at(())


def test_whatever_happens_in_whatever_order_the_next_is_the_first_of_what_is_owed():
    dice = random.Random(2)
    chores, owed, now = Chores(OWED, SWEEP_SECONDS), dict[tuple[ChoreKind, str], float](), 0.0
    for _ in range(2_000):
        now += dice.choice((0.0, 1.0, 30.0))
        name, resolved, created = f"inc_{dice.randint(1, 40)}", dice.random() < 0.3, dice.random() < 0.2
        chores.sent(sent(name, CommandKind.RESOLVE if resolved else CommandKind.OPEN, now), now, created=created)
        owed.pop((ChoreKind.REFRESH, name), None)
        owed |= {} if resolved else {(ChoreKind.REFRESH, name): now + REFRESH_SECONDS}
        owed |= {(ChoreKind.SWEEP, name): now + SWEEP_SECONDS} if created else {}
        busy = {f"inc_{dice.randint(1, 40)}" for _ in range(3)}
        free = {key: at for key, at in owed.items() if key[1] not in busy}
        assert min(free.values(), default=None) == chores.next_at(busy)
        taken = told(chores.take(now, busy))
        assert (taken is None) == all(at > now for at in free.values())
        if taken and owed[taken] <= now:
            owed.pop(taken)
            owed |= {taken: now + REFRESH_SECONDS} if taken[0] is ChoreKind.REFRESH else {}
