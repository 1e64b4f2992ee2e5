"""Behind the gateway: acquirer, scheme, issuer. Told apart by code, and by which cards and brands are hit while others pass."""

from collections.abc import Iterator

from monitor.model.triage import Experiment, Observation
from monitor.triage.evidence import Contrast, Evidence, bad
from monitor.triage.kinds import Kind
from monitor.triage.layers.parts import joined, labels, shared_labels, shows, stratum
from monitor.triage.sign import Sign
from monitor.triage.weights import Cause

#: Labels of a stratum that stand for one card or one range of card numbers.
CARD_LABELS = frozenset({"card", "bin", "range", "prefix", "issuer"})
BRAND_LABELS = frozenset({"brand", "scheme", "network"})
#: The issuer's silence reaches us as a code, or as no answer at all.
_SILENCE = (Kind.ISSUER, Kind.SILENT)


def behind_signs(evidence: Evidence) -> Iterator[Sign]:
    yield from _acquirer(evidence)
    yield from _issuers(evidence)
    yield from _declines(evidence)


def hit_strata(evidence: Evidence, *kinds: Kind) -> Contrast | None:
    """The cards, else the strata, that alone see failures of these kinds."""
    for cut in (Experiment.CARD, Experiment.STRATUM):
        found = evidence.contrast(cut)
        if found is not None and all(shows(each, kinds) for each in found.hit):
            return found
    return None


def one_card(found: Contrast) -> str:
    """The card labels of what is hit, where a card of the same brand is spared; "" otherwise."""
    if all(each.experiment is Experiment.CARD for each in found.hit) and not any("=" in each.subject for each in found.hit):
        return joined(found.names)
    cards = [label for label in shared_labels(found.hit, found.spared) if _key(label) in CARD_LABELS]
    brands = _brands(found.hit)
    return joined(cards) if cards and (not brands or brands & _brands(found.spared)) else ""


def one_brand(found: Contrast) -> str:
    return joined(label for label in shared_labels(found.hit, found.spared) if _key(label) in BRAND_LABELS)


def _acquirer(evidence: Evidence) -> Iterator[Sign]:
    shown = evidence.failures(Kind.ACQUIRER)
    if shown:
        yield _sign(Cause.ACQUIRER_ERRORS, evidence, shown, Kind.ACQUIRER, where=stratum(evidence))


def _issuers(evidence: Evidence) -> Iterator[Sign]:
    found = hit_strata(evidence, *_SILENCE)
    shown = evidence.failures(*_SILENCE) if found else evidence.failures(Kind.ISSUER)
    if not shown:
        return
    if found is not None:
        card, brand = one_card(found), one_brand(found)
        cause = Cause.ONE_CARD if card else Cause.ONE_BRAND if brand else Cause.ALL_ISSUERS
        yield _sign(cause, evidence, shown, *_SILENCE, where=card or brand or joined(found.names), confirmed=_coded(evidence))
        return
    several = sum(1 for each in evidence.recent(Experiment.STRATUM) if shows(each, (Kind.ISSUER,))) > 1
    yield _sign(Cause.ALL_ISSUERS if several else Cause.SOME_ISSUER, evidence, shown, Kind.ISSUER)


def _declines(evidence: Evidence) -> Iterator[Sign]:
    shown = evidence.failures(Kind.DECLINE)
    if not shown:
        return
    found = hit_strata(evidence, Kind.DECLINE)
    card, brand = (one_card(found), one_brand(found)) if found else ("", "")
    cause = Cause.CARD_DECLINES if card else Cause.BRAND_DECLINES if brand else Cause.DECLINES
    yield _sign(cause, evidence, shown, Kind.DECLINE, where=card or brand)


def _coded(evidence: Evidence) -> int:
    """The gateway says itself that it waited for an issuer: more than our own time-out says."""
    return int(evidence.amount(Kind.ISSUER) > 0)


def _key(label: str) -> str:
    return label.partition("=")[0]


def _brands(parts: tuple[Observation, ...]) -> set[str]:
    return {label for each in parts for label in labels(each.subject) if _key(label) in BRAND_LABELS}


def _sign(
    cause: Cause, evidence: Evidence, shown: tuple[Observation, ...], *kinds: Kind, where: str = "", confirmed: int = 0
) -> Sign:
    live = any(bad(each) and shows(each, kinds) for each in evidence.live_failures)
    return Sign(cause, shown, where, amount=max(1, evidence.amount(*kinds)), confirmed=confirmed, now=live)
