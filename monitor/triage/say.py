"""Measured values as people read them, in both languages: never a bare number, never a code without what it means."""

from collections.abc import Iterable

from monitor.model.durations import duration_text
from monitor.model.outcome import NetworkReason, Outcome
from monitor.model.text import Text
from monitor.model.triage import Experiment, Observation
from monitor.triage.evidence import bad
from monitor.triage.kinds import is_page
from monitor.triage.vocabulary import EXPERIMENTS, OUTCOMES, OWN_NAMES, REASONS

#: A gateway's sentence inside one of ours: enough to recognise, too little to bury the rest.
QUOTED_MAX = 160
#: How messages of the probes begin whose reason is told beside them.
_SAID_ALREADY = ("the certificate was refused: ", "TLS failed: ")
#: A status below says that the request was understood, and nothing of what went wrong.
_FAILING_STATUS = 300


def same(text: str) -> Text:
    """Numbers, names and codes, which are the same in both."""
    return Text(text, text)


def capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def join(parts: Iterable[Text], *, en: str = "; ", zh: str = "；") -> Text:
    told = list(parts)
    return Text(en.join(each.en for each in told), zh.join(each.in_("zh") for each in told))


def named(each: Observation) -> Text:
    """``TCP to 203.0.113.7``; the name alone where it says what it is."""
    if each.experiment is Experiment.OWN:
        return OWN_NAMES.get(each.subject, same(each.subject))
    word = EXPERIMENTS[each.experiment]
    return Text(f"{word.en} {each.subject}", f"{word.zh} {each.subject}")


def result(each: Observation) -> Text:
    """What one observation showed: ``200 in 41 ms``, ``3 of 4 runs failed: HTTP 503 SERVER_FAILED``."""
    if each.experiment is Experiment.OWN:
        return _own(each)
    if each.runs > 1:
        return _of_runs(each)
    return failure(each) if bad(each) else _success(each)


def shown(each: Observation) -> Text:
    """Its name and what it showed."""
    name, value = named(each), result(each)
    return Text(f"{name.en}: {value.en}", f"{name.zh}：{value.zh}")


def failure(each: Observation) -> Text:
    """``HTTP 503 SERVER_FAILED``, ``TCP connection refused after 3 ms``."""
    told = what_failed(each)
    took = _took(each)
    if took is None:
        return told
    return Text(f"{told.en} after {took.en}", f"{told.zh}（耗时 {took.zh}）")


def what_failed(each: Observation) -> Text:
    if each.reason in REASONS:
        told = REASONS[each.reason]
        if each.reason in (NetworkReason.TLS_CERTIFICATE, NetworkReason.TLS) and each.message:
            return Text(f"{told.en}: {quoted(each)}", f"{told.zh}：{quoted(each)}")
        return Text(f"{told.en}, {each.code}", f"{told.zh}，{each.code}") if each.code else told
    if is_page(each):
        status = f"HTTP {each.status}" if each.status else "HTTP"
        return Text(f"{status} with a page instead of JSON", f"{status}，返回网页而非 JSON")
    words = OUTCOMES.get(each.outcome) if each.outcome is not None else None
    code = " ".join(filter(None, (f"HTTP {each.status}" if each.status else "", each.code)))
    if words is None:
        return same(code) if code else Text("failed", "失败")
    return Text(f"{code}, {words.en}", f"{code}，{words.zh}") if code else words


def short_failure(each: Observation) -> Text:
    """Between brackets: ``503 SERVER_FAILED``. An answer that breaks the contract is told by what is wrong with it."""
    if each.reason in REASONS or is_page(each) or not (each.status or each.code):
        return what_failed(each)
    if each.outcome is Outcome.CONTRACT_VIOLATION and each.message:
        return same(quoted(each))
    return same(" ".join(filter(None, (str(each.status or ""), each.code))))


def quoted(each: Observation) -> str:
    """What was said, in one line, without what our own words say already."""
    line = " ".join(each.message.split())
    for said in _SAID_ALREADY:
        line = line.removeprefix(said)
    return line if len(line) <= QUOTED_MAX else f"{line[: QUOTED_MAX - 1]}…"


def code_of(each: Observation) -> str:
    """The shortest stable word for a failure: the gateway's own, else the HTTP status, else the network's reason."""
    status = str(each.status) if each.status and each.status >= _FAILING_STATUS else ""
    return each.code or status or each.reason.value or (each.outcome.value if each.outcome else "")


def percent(share: float) -> str:
    """Whole percents, and tenths where a whole one would say none or all."""
    digits = 0 if share in (0, 1) or 0.1 <= share <= 0.99 else 1
    return f"{share * 100:.{digits}f} %"


def _success(each: Observation) -> Text:
    took, what = _took(each), _what_came(each)
    told = Text(f"{what.en} in {took.en}", f"{what.zh}，耗时 {took.zh}") if took else what
    if each.tls is None or each.experiment is not Experiment.HANDSHAKE:
        return told
    left, issuer = duration_text(max(0.0, each.tls.leaf_expires - each.at)), each.tls.issuer
    return Text(
        f"{told.en}, certificate by {issuer} valid for {left.en}", f"{told.zh}，证书由 {issuer} 签发，剩余有效期 {left.zh}"
    )


def _what_came(each: Observation) -> Text:
    if each.answers:
        return Text(", ".join(each.answers), "、".join(each.answers))
    if each.tls is not None and each.experiment is Experiment.HANDSHAKE:
        return same(each.tls.version)
    if each.status is not None:
        return same(f"HTTP {each.status}")
    return Text("connected", "连接成功") if each.experiment is Experiment.CONNECT else Text("passed", "通过")


def _of_runs(each: Observation) -> Text:
    took = _took(each)
    if not each.bad:
        if took is None:
            return Text(f"all {each.runs} runs passed", f"{each.runs} 次运行全部通过")
        return Text(f"all {each.runs} runs passed, {took.en}", f"{each.runs} 次运行全部通过，耗时 {took.zh}")
    told = what_failed(each)
    return Text(f"{each.bad} of {each.runs} runs failed ({told.en})", f"{each.runs} 次运行中 {each.bad} 次失败（{told.zh}）")


def _own(each: Observation) -> Text:
    if each.seconds is not None:
        return duration_text(abs(each.seconds))
    if each.message:
        return same(quoted(each))
    return Text("in order", "正常") if each.good else Text("not in order", "异常")


def _took(each: Observation) -> Text | None:
    return None if each.seconds is None else duration_text(each.seconds)
