"""A clock in one sentence, in both languages: for the timeline, the ticket and whoever looks an incident up."""

from monitor.deadlines.clocks import Clock, Standing
from monitor.deadlines.targets import ALWAYS, Kind
from monitor.model.durations import duration_text, iso
from monitor.model.text import Text

NAMES = {
    Kind.RESPOND: Text("response", "响应"),
    Kind.UPDATE: Text("update", "进展通报"),
    Kind.RESTORE: Text("restoration", "恢复"),
}


def said(clock: Clock) -> Text:
    """Where it stands: missed, stopped in time, paused, or due when."""
    name, allowed = _subject(clock), _allowed(clock)
    if clock.missed is not None:
        over = iso(clock.missed)
        return Text(
            f"{name.en} target missed: {allowed.en} were over at {over}.", f"{name.zh}超时：{allowed.zh}的时限已于 {over} 到期。"
        )
    if clock.standing is Standing.STOPPED:
        took = duration_text(clock.elapsed_seconds)
        return Text(f"{name.en} target met: {took.en} of {allowed.en}.", f"{name.zh}达标：时限 {allowed.zh}，用时 {took.zh}。")
    if clock.standing is Standing.PAUSED:
        left = duration_text(max(0.0, clock.left_seconds))
        return Text(
            f"{name.en} target paused with {left.en} of {allowed.en} left.",
            f"{name.zh}计时暂停：时限 {allowed.zh}，剩余 {left.zh}。",
        )
    return _running(clock, name, allowed)


def _running(clock: Clock, name: Text, allowed: Text) -> Text:
    due = iso(clock.due) if clock.due is not None else "-"
    if clock.warning is None:
        return Text(f"{name.en} target: {allowed.en}, due at {due}.", f"{name.zh}时限 {allowed.zh}，将于 {due} 到期。")
    used = f"{clock.warning * 100:.0f} %"
    return Text(
        f"{name.en} target: {used} of {allowed.en} are used, due at {due}.",
        f"{name.zh}时限 {allowed.zh}，已用去 {used}，将于 {due} 到期。",
    )


def _subject(clock: Clock) -> Text:
    severity, name = clock.severity.value.upper(), NAMES[clock.kind]
    return Text(f"{severity} {name.en}", f"{severity} {name.zh}")


def _allowed(clock: Clock) -> Text:
    """Nine hours of business are not nine hours."""
    length = duration_text(clock.allowed_seconds)
    if clock.hours == ALWAYS:
        return length
    return Text(f"{length.en} of business hours", f"{length.zh}（工作时间）")
