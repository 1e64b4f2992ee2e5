"""What speaks against a verdict: observations that would not be so, were it the whole truth; and what was not tried."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from monitor.model.text import Text
from monitor.model.triage import Experiment, Layer, Observation
from monitor.triage.evidence import Evidence, bad, kinds_in
from monitor.triage.kinds import Kind
from monitor.triage.layers.access import fails_with_others
from monitor.triage.say import join, percent, shown
from monitor.triage.sign import Sign
from monitor.triage.vocabulary import KINDS, LAYERS
from monitor.triage.weights import LADDER, Cause, Doubt

#: Less of the failures than this, and the cause explains the smaller part of what is seen.
EXPLAINED_MIN = 0.3
#: Good runs at the end that are worth saying.
GOOD_AFTER = 3
#: A front door that answers so is alive, and refuses like everything behind it.
_REFUSING_STATUS = 400
#: Observations quoted in one sentence.
QUOTED = 3


@dataclass(frozen=True, slots=True)
class Objection:
    """``doubt`` is its weight; None is said and not weighed: it narrows the verdict rather than shakes it."""

    said: Text
    doubt: Doubt | None = None
    times: int = 1


#: What must have been tried before a layer behind it is named, and how that is called.
_TRIES: Mapping[Layer, tuple[Text, tuple[Experiment, ...]]] = MappingProxyType(
    {
        Layer.US: (Text("references", "参照目标"), (Experiment.REFERENCE, Experiment.NEIGHBOUR)),
        Layer.NETWORK: (Text("TCP", "TCP 连接"), (Experiment.CONNECT,)),
        Layer.DNS: (Text("name resolution", "域名解析"), (Experiment.RESOLVE,)),
        Layer.TLS: (Text("TLS", "TLS 握手"), (Experiment.HANDSHAKE,)),
        Layer.EDGE: (Text("the front door", "免认证接口"), (Experiment.FRONT_DOOR,)),
    }
)
#: What fails together with a layer, so that it speaks against it when it works.
_FAILS_WITH: Mapping[Layer, tuple[Experiment, ...]] = MappingProxyType(
    {
        Layer.US: (Experiment.FRONT_DOOR,),
        Layer.NETWORK: (Experiment.FRONT_DOOR,),
        Layer.DNS: (Experiment.RESOLVE,),
        Layer.TLS: (Experiment.HANDSHAKE, Experiment.FRONT_DOOR),
    }
)
#: Causes that stop nothing: they slow it down, or are news.
_STOPS_NOTHING = frozenset(
    {
        Cause.SLOW_PATH,
        Cause.SLOW_NAME,
        Cause.SLOW_HANDSHAKE,
        Cause.SLOW_TOKEN,
        Cause.EXPIRES_SOON,
        Cause.ISSUER_CHANGED,
        Cause.OWN_STALL,
    }
)
#: Causes that leave the very thing working that the layer stands for. A client certificate is refused after the handshake (RFC 8446, 4.4.2).
_SHOWN_ELSEWHERE = _STOPS_NOTHING | {Cause.OWN_CLOCK, Cause.OWN_FAULT, Cause.CLIENT_CERTIFICATE}
#: Causes by which the whole gateway would suffer.
_OF_ALL = frozenset({Cause.PROCESSING, Cause.OPERATION, Cause.NO_ANSWERS, Cause.THROTTLES, Cause.REFUSES_ALL})
_BEHIND = frozenset({Layer.ACQUIRER, Layer.SCHEME, Layer.ISSUER})
_NOT_THE_TARGET = frozenset({Experiment.REFERENCE, Experiment.NEIGHBOUR, Experiment.OWN})


def objections(evidence: Evidence, sign: Sign, earlier: Iterable[Sign]) -> tuple[Objection, ...]:
    found = [
        *_untried(evidence, sign),
        *_earlier(earlier),
        *_live(evidence, sign),
        *_of_edge(evidence, sign),
        *_of_access(evidence, sign),
        *_of_request(evidence, sign),
        *_of_gateway(evidence, sign),
        *_of_behind(evidence, sign),
        *_unexplained(evidence, sign),
        *_passing(evidence, sign),
    ]
    return tuple(found)


def answered(evidence: Evidence) -> bool:
    """The target answered something in HTTP: then name, TCP and TLS were passed on the way."""
    asked = evidence.everything(*(each for each in Experiment if each not in _NOT_THE_TARGET))
    return any(each.status is not None for each in asked)


def _untried(evidence: Evidence, sign: Sign) -> Iterator[Objection]:
    if evidence.slow or answered(evidence) or sign.cause in _STOPS_NOTHING:
        return
    before = [_TRIES[layer] for layer in LADDER[: LADDER.index(sign.layer)] if layer in _TRIES]
    missing = [name for name, experiments in before if not evidence.everything(*experiments)]
    if missing:
        names = join(missing, en=", ", zh="、")
        said = Text(f"Not tried, and taken to pass: {names.en}.", f"以下未检测，暂按正常处理：{names.zh}。")
        yield Objection(said, Doubt.UNTRIED, times=len(missing))


def _earlier(earlier: Iterable[Sign]) -> Iterator[Objection]:
    for sign in earlier:
        layer, seen = LAYERS[sign.layer], _quoted(sign.shown)
        said = Text(f"Something shows before it, at {layer.en}: {seen.en}.", f"更靠前的层也有异常（{layer.zh}）：{seen.zh}。")
        yield Objection(said, Doubt.EARLIER)


def _live(evidence: Evidence, sign: Sign) -> Iterator[Objection]:
    """The very thing that should fail was seen to work."""
    if sign.where or sign.cause in _SHOWN_ELSEWHERE:
        return
    works = [each for each in evidence.tried(*_FAILS_WITH.get(sign.layer, ())) if not bad(each) and each not in sign.shown]
    if works:
        seen = _quoted(works)
        yield Objection(Text(f"Works just now: {seen.en}.", f"刚刚检测正常：{seen.zh}。"), Doubt.CONTRARY)


def _of_edge(evidence: Evidence, sign: Sign) -> Iterator[Objection]:
    doors = [each for each in evidence.tried(Experiment.FRONT_DOOR) if not bad(each)]
    if sign.layer is Layer.EDGE and doors and not sign.where:
        seen = _quoted(doors)
        said = Text(f"Not everything is held up: {seen.en}.", f"并非所有请求都被拦截：{seen.zh}。")
        yield Objection(said, Doubt.MILD)


def _of_access(evidence: Evidence, sign: Sign) -> Iterator[Objection]:
    if sign.cause is Cause.TOKEN:
        yield from _beside_token(evidence, sign)
    if sign.cause is not Cause.CREDENTIAL:
        return
    reads = [each for each in evidence.tried(Experiment.READ) if not bad(each)]
    if reads:
        seen = _quoted(reads)
        yield Objection(Text(f"The same credential works for {seen.en}.", f"同一凭据可用于 {seen.zh}。"), Doubt.CONTRARY)
    if not evidence.tried(Experiment.CREDENTIAL):
        said = Text(
            "No second credential was tried: it may be the gateway's authentication.",
            "未用备用凭据验证：也可能是网关的认证故障。",
        )
        yield Objection(said, Doubt.MILD)


def _beside_token(evidence: Evidence, sign: Sign) -> Iterator[Objection]:
    tokens = {name for each in sign.shown for name in (each.subject, each.step)}
    kinds = frozenset[Kind]().union(*map(kinds_in, sign.shown))
    if fails_with_others(evidence, tokens, kinds):
        said = Text("What needs no token fails in the same way.", "不需要令牌的请求也以同样方式失败。")
        yield Objection(said, Doubt.CONTRARY)


def _of_request(evidence: Evidence, sign: Sign) -> Iterator[Objection]:
    if sign.cause is Cause.REQUEST and not evidence.case.changes:
        said = Text("No change of ours is known near the onset.", "故障开始前后未见我方变更。")
        yield Objection(said, Doubt.MILD)


def _of_gateway(evidence: Evidence, sign: Sign) -> Iterator[Objection]:
    if sign.layer is not Layer.GATEWAY:
        return
    spared = evidence.contrast(Experiment.LOCATION)
    if spared is not None:
        seen = _quoted(spared.spared)
        # A limit is often kept by the address that asks, and is then one place's own.
        doubt = Doubt.MILD if sign.cause is Cause.THROTTLES else Doubt.CONTRARY
        yield Objection(Text(f"Other places do not see it: {seen.en}.", f"其他探测点未见异常：{seen.zh}。"), doubt)
    doors = [each for each in evidence.tried(Experiment.FRONT_DOOR) if not bad(each) and (each.status or 0) < _REFUSING_STATUS]
    if doors and sign.cause in _OF_ALL:
        seen = _quoted(doors)
        yield Objection(Text(f"Its front door works: {seen.en}.", f"其免认证接口正常：{seen.zh}。"))


def _of_behind(evidence: Evidence, sign: Sign) -> Iterator[Objection]:
    if sign.layer not in _BEHIND:
        return
    failing = [each for each in evidence.tried(Experiment.FRONT_DOOR, Experiment.READ) if bad(each)]
    if failing:
        seen = _quoted(failing)
        said = Text(f"What needs no card fails as well: {seen.en}.", f"与卡无关的请求同样失败：{seen.zh}。")
        yield Objection(said, Doubt.CONTRARY)
    hit = [each for each in evidence.recent(Experiment.STRATUM, Experiment.CARD) if each.bad and _of_other(each, sign.where)]
    if hit:
        seen = _quoted(hit)
        yield Objection(Text(f"Others are hit as well: {seen.en}.", f"其他分层也受影响：{seen.zh}。"), Doubt.MILD)


def _of_other(each: Observation, where: str) -> bool:
    """Another value of the same label: ``brand=mastercard`` beside ``brand=visa``. A label of another kind says nothing against it."""
    named = dict(label.partition("=")[::2] for label in where.split(",") if "=" in label)
    told = dict(label.partition("=")[::2] for label in each.subject.split(",") if "=" in label)
    return any(name in told and told[name] != value for name, value in named.items())


def _unexplained(evidence: Evidence, sign: Sign) -> Iterator[Objection]:
    total = sum(evidence.counts.values())
    if not total or sign.layer is Layer.US or sign.amount >= EXPLAINED_MIN * total:
        return
    kinds = join([KINDS[kind] for kind in sorted(evidence.counts)], en=", ", zh="、")
    said = Text(
        f"It explains {sign.amount} of {total} failures; they are of several kinds: {kinds.en}.",
        f"只能解释 {total} 次失败中的 {sign.amount} 次；失败有多种类型：{kinds.zh}。",
    )
    yield Objection(said, Doubt.CONTRARY)


def _passing(evidence: Evidence, sign: Sign) -> Iterator[Objection]:
    good = evidence.runs - evidence.bad_runs
    if evidence.bad_runs and good > 0 and Kind.DECLINE not in evidence.counts:
        share = percent(good / evidence.runs)
        yield Objection(
            Text(f"{good} of {evidence.runs} runs passed ({share}).", f"{evidence.runs} 次运行中有 {good} 次通过（{share}）。")
        )
    if evidence.bad_runs and evidence.after >= GOOD_AFTER and not sign.now:
        said = Text(f"The latest {evidence.after} runs were good.", f"最近 {evidence.after} 次运行均正常。")
        yield Objection(said, Doubt.NOT_NOW)


def _quoted(observations: Iterable[Observation]) -> Text:
    told = list(dict.fromkeys(shown(each) for each in observations))
    quoted = join(told[:QUOTED])
    more = len(told) - QUOTED
    return Text(f"{quoted.en} and {more} more", f"{quoted.zh}等") if more > 0 else quoted
