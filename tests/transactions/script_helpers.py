"""Checks, exchanges and a hand that plays a script to its end."""

from monitor.model.check import Check, MoveKind, Moves, Step, Stratum
from monitor.model.money import Money
from monitor.model.outcome import SUCCESSES, NetworkReason
from monitor.model.result import Exchange, Reach
from monitor.model.text import Text
from monitor.transactions import script
from monitor.transactions.dialects import DIALECTS
from monitor.transactions.expressions import SCOPE_NAMES, compile_expression
from monitor.transactions.script import Cancelled, Do, Done, RunFacts
from monitor.transactions.template import Place, compile_template

FACTS = RunFacts("01RUN", "pc-test-01run", 7, Stratum((("brand", "visa"),)), "20261122T022100Z")


def expression(source, *saved):
    return compile_expression(source, SCOPE_NAMES | set(saved))


def template(**request):
    return compile_template(request, {"path": Place.PATH})


def moves(*undo, kind=MoveKind.HOLD, amount="1.00 USD", reference=None):
    found = template(reference=reference) if reference else None
    return Moves(kind, Money.parse(amount), undo[0], found, otherwise=undo[1:])


def step(
    name, *, path=None, method="POST", expect=(), save=None, outcomes=SUCCESSES, takes=None, when=None, timeout=5.0, saved=()
):
    return Step(
        name,
        "http",
        template(method=method, path=path or f"/{name}"),
        timeout,
        expect=tuple(expression(text, *saved) for text in ([expect] if isinstance(expect, str) else expect)),
        outcomes=frozenset(outcomes),
        save=tuple((key, expression(text, *saved)) for key, text in (save or {}).items()),
        moves=takes,
        when=expression(when, *saved) if when else None,
    )


def check(*steps, undo=(), budget=30.0, undo_budget=15.0, strata=(Stratum(),), name="card"):
    return Check(name, Text("Card"), "gateway", 30.0, budget, undo_budget, steps, {each.name: each for each in undo}, strata)


def answered(status=200, body=None, **more):
    return Exchange(Reach.ANSWERED, 1_000.0, 0.1, status=status, body={} if body is None else body, **more)


def lost(reason=NetworkReason.ANSWER_TIMEOUT, reach=Reach.SENT, **more):
    return Exchange(reach, 1_000.0, 0.1, reason=reason, **more)


def play(found, answers, *, dialect="plain", took=0.1):
    """Play a script. ``answers``: step name -> exchange, "cancel", or a list of them in turn; a plain 200 otherwise.

    Gives the requests it made and its verdict.
    """
    transaction = script.run(found, FACTS, DIALECTS[dialect])
    queues = {name: list(value) if isinstance(value, list) else [value] for name, value in answers.items()}
    made, elapsed, event = [], 0.0, None
    try:
        while True:
            do: Do = next(transaction) if event is None else transaction.send(event)
            made.append(do)
            elapsed += took
            queue = queues.get(do.step.name)
            answer = (queue.pop(0) if len(queue) > 1 else queue[0]) if queue else answered()
            event = Cancelled(elapsed, sent=True) if answer == "cancel" else Done(answer, elapsed)
    except StopIteration as end:
        return made, end.value


def names(made):
    return [("undo " if do.undo else "") + do.step.name for do in made]
