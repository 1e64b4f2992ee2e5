"""Numbers as tickets say them."""

from datetime import UTC, datetime

from monitor.model.durations import duration_text
from monitor.model.extent import Between
from monitor.model.text import Text

#: Below this a whole number is exact enough to be said as it is; above it is rounded to two figures: an estimate says no more.
EXACT_BELOW = 100


def when(at: float) -> str:
    """``2026-11-22 12:00:03 UTC``."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def day_and_minute(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")


def lasted(seconds: float) -> Text:
    """``0.84 s``, ``28 s``, ``41 min``, ``41 min 05 s``: from ten seconds on nobody wants hundredths."""
    if seconds < 10:
        return Text(f"{max(0.0, seconds):.2f} s", f"{max(0.0, seconds):.2f} 秒")
    if round(seconds) < 60:
        return Text(f"{seconds:.0f} s", f"{seconds:.0f} 秒")
    told = duration_text(seconds)
    chinese = f"{told.zh}钟" if told.zh.endswith("分") else told.zh
    return Text(told.en.removesuffix(" 00 s").removesuffix(" 00 min"), chinese)


def whole_share(value: float) -> str:
    return f"{100 * value:.0f} %"


def share(value: float) -> str:
    """``38 %``; one digit more where a whole one would hide what there is."""
    percent = 100 * value
    return f"{percent:.0f} %" if percent >= 10 or percent == 0 else f"{percent:.1f} %"


def share_between(estimate: Between) -> Text:
    low, middle, high = share(estimate.low), share(estimate.middle), share(estimate.high)
    return Text(f"{middle} (95 % interval: {low} to {high})", f"{middle}（95 % 置信区间：{low} 至 {high}）")


def people_between(estimate: Between) -> Text:
    low, middle, high = count(estimate.low), count(estimate.middle), count(estimate.high)
    return Text(f"about {middle} (95 % interval: {low} to {high})", f"约 {middle} 人（95 % 置信区间：{low} 至 {high} 人）")


def count(value: float) -> str:
    """``84``, ``410``, ``12,000``."""
    whole = max(0, round(value))
    if whole < EXACT_BELOW:
        return str(whole)
    unit = 10 ** (len(str(whole)) - 2)
    return f"{round(whole / unit) * unit:,}"
