"""Which questions to ask, in order of worth: what decides most, and costs the gateway least, comes first."""

from collections.abc import Iterator

from monitor.model.triage import Experiment, Facts, Question, Symptom

#: Addresses asked one by one: a name with more is a CDN, whose nodes are as good as each other.
ADDRESSES_MAX = 4
#: Reads tried by themselves.
READS_MAX = 2


def questions(symptom: Symptom, facts: Facts) -> tuple[Question, ...]:
    """What to try now. Whoever is short of budget leaves out from the end. What the recent runs tell is not asked again."""
    return tuple(dict.fromkeys(_slow(facts) if symptom is Symptom.SLOW else _failing(facts)))


def _failing(facts: Facts) -> Iterator[Question]:
    """Is it us; does the front door answer; then the way there, layer by layer; then who we are."""
    yield from _own(facts)
    yield from _door(facts)
    yield Question(Experiment.RESOLVE, facts.host)
    yield from _each_address(facts, Experiment.CONNECT)
    if facts.tls:
        yield from _each_address(facts, Experiment.HANDSHAKE)
    yield from _access(facts)
    if facts.second_resolver:
        yield Question(Experiment.RESOLVER, facts.host)
    if facts.front_door and len(facts.addresses) > 1:
        yield from _each_address(facts, Experiment.ADDRESS)


def _slow(facts: Facts) -> Iterator[Question]:
    """Timing is compared: the reads and the front door first, the way there by its parts."""
    yield from _own(facts)
    yield from _door(facts)
    yield from (Question(Experiment.READ, step) for step in facts.reads[:READS_MAX])
    yield Question(Experiment.RESOLVE, facts.host)
    yield from _each_address(facts, Experiment.CONNECT)
    if facts.tls:
        yield from _each_address(facts, Experiment.HANDSHAKE)
    if facts.token:
        yield Question(Experiment.TOKEN, facts.token)
    if facts.second_resolver:
        yield Question(Experiment.RESOLVER, facts.host)
    if facts.front_door and len(facts.addresses) > 1:
        yield from _each_address(facts, Experiment.ADDRESS)


def _own(facts: Facts) -> Iterator[Question]:
    for subject in ("loop_lag", "clock", "descriptors", "rate"):
        yield Question(Experiment.OWN, subject)
    for control in facts.controls:
        yield Question(Experiment.REFERENCE, control)


def _door(facts: Facts) -> Iterator[Question]:
    if facts.front_door:
        yield Question(Experiment.FRONT_DOOR, facts.front_door)


def _access(facts: Facts) -> Iterator[Question]:
    if facts.token:
        yield Question(Experiment.TOKEN, facts.token)
    yield from (Question(Experiment.READ, step) for step in facts.reads[:READS_MAX])
    if facts.second_credential:
        yield Question(Experiment.CREDENTIAL, "second")


def _each_address(facts: Facts, experiment: Experiment) -> Iterator[Question]:
    for address in facts.addresses[:ADDRESSES_MAX]:
        yield Question(experiment, address)
