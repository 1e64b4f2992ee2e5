"""How much slower a step became, in words."""

from collections.abc import Mapping
from types import MappingProxyType

from monitor.model.durations import duration_text
from monitor.model.text import Text
from monitor.model.triage import Observation
from monitor.triage.layers.slow import Growth

#: Phases told of one step: the two that changed most.
PHASES_TOLD = 2
#: The second, when it changed by at least this share of the first.
WORTH_TELLING = 0.05
_PHASES: Mapping[str, Text] = MappingProxyType(
    {
        "resolve": Text("resolve", "解析"),
        "connect": Text("connect", "连接"),
        "tls": Text("TLS", "TLS"),
        "auth": Text("token", "令牌"),
        "send": Text("send", "发送"),
        "wait": Text("wait", "等待"),
        "receive": Text("receive", "接收"),
    }
)


def total_text(each: Growth) -> Text:
    """``step search takes 2.40 s instead of 120 ms``: now, and at the last good run."""
    now, was = duration_text(each.now.seconds or 0.0), duration_text(each.was.seconds or 0.0)
    name = each.now.subject
    return Text(f"step {name} takes {now.en} instead of {was.en}", f"步骤 {name} 耗时由 {was.zh}变为 {now.zh}")


def part_text(part: Observation, former: Observation) -> Text:
    """``runs of brand=visa take 835 ms instead of 120 ms``."""
    now, was = duration_text(part.seconds or 0.0), duration_text(former.seconds or 0.0)
    return Text(f"runs of {part.subject} take {now.en} instead of {was.en}", f"{part.subject} 的运行耗时由 {was.zh}变为 {now.zh}")


def split_text(each: Growth) -> Text:
    """``step search: wait +2.27 s, receive +40 ms``: the phases that changed most."""
    phases = phases_text(each)
    return Text(f"step {each.now.subject}: {phases.en}", f"步骤 {each.now.subject}：{phases.zh}")


def phases_text(each: Growth) -> Text:
    parts = sorted(each.by_phase.items(), key=lambda pair: (-abs(pair[1]), pair[0]))[:PHASES_TOLD]
    least = abs(parts[0][1]) * WORTH_TELLING if parts else 0.0
    told = [(_PHASES[phase], _signed(seconds)) for phase, seconds in parts if abs(seconds) >= least]
    en = ", ".join(f"{phase.en} {seconds.en}" for phase, seconds in told)
    zh = "，".join(f"{phase.zh} {seconds.zh}" for phase, seconds in told)
    return Text(en, zh)


def _signed(seconds: float) -> Text:
    took = duration_text(abs(seconds))
    sign = "-" if seconds < 0 else "+"
    return Text(f"{sign}{took.en}", f"{sign}{took.zh}")
