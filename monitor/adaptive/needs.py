"""What a step cannot do without: worked out from the names that steps save and speak of.

A step needs those before it that save a name it reads, and those that change what it speaks of: reading an intent back says
nothing about a confirmation that was never sent. Steps speak of the same thing when their requests hold a common name, be it
a saved one or the run's own reference. Whatever cannot be told counts as needed.
"""

from collections.abc import Iterator

from monitor.model.check import Check, Step

#: What a gateway knows this run's objects by: no step saves it, and two that use it speak of one thing.
_RUN = "run"
_REFERENCE = "run.reference"
_STRATUM = "stratum"


def needed(check: Check, step: str) -> tuple[Step, ...]:
    """The steps that ``step`` needs, in order, itself at the end. All of them when there is no such step."""
    steps = check.steps
    place = next((index for index, one in enumerate(steps) if one.name == step), None)
    if place is None:
        return steps
    wanted, waiting = {place}, [place]
    while waiting:
        index = waiting.pop()
        for earlier in range(index):
            if earlier not in wanted and _hangs_on(steps[index], steps[earlier]):
                wanted.add(earlier)
                waiting.append(earlier)
    return tuple(steps[index] for index in sorted(wanted))


def _hangs_on(step: Step, earlier: Step) -> bool:
    saved = {name for name, _ in earlier.save}
    reads, speaks = _read_by(step), _spoken_of(step)
    if reads is None or speaks is None:
        return True
    if saved & {name.partition(".")[0] for name in reads}:
        return True
    said = _spoken_of(earlier)
    return not earlier.reads and (said is None or bool((said | saved) & speaks))


def _read_by(step: Step) -> set[str] | None:
    """Every name it reads; None: that cannot be told."""
    found: set[str] = set()
    for names in _sources(step):
        if names is None:
            return None
        found |= names
    return found


def _spoken_of(step: Step) -> set[str] | None:
    """What names the things that its request is about; None: that cannot be told."""
    names = _holes(step.request)
    if names is None:
        return None
    told = {_thing(name) for name in names if name.partition(".")[0] != _STRATUM}
    return told | {_REFERENCE} if step.moves else told


def _thing(name: str) -> str:
    """``intent.id`` is about the intent; ``run.id`` and ``run.reference`` are two names of one run."""
    root = name.partition(".")[0]
    return _REFERENCE if root == _RUN else root


def _sources(step: Step) -> Iterator[set[str] | None]:
    yield _holes(step.request)
    if step.moves and step.moves.reference:
        yield _holes(step.moves.reference)
    for expression in (*step.expect, *(expression for _, expression in step.save)):
        paths = getattr(expression, "paths", None)
        yield None if paths is None else {str(path[0]) for path in paths}


def _holes(template: object) -> set[str] | None:
    if getattr(template, "constant", False):
        return set()
    names = getattr(template, "names", None)
    return None if names is None else set(names)
