"""The words of a report, in its two languages."""

from datetime import datetime

from monitor.model.calendar import zone as zone_of
from monitor.model.text import Text
from monitor.sla.intervals import Interval

TITLE = Text("Availability report", "可用性报告")
PERIOD = Text("Period", "统计周期")
ZONE = Text("Time zone", "时区")
PARTIAL = Text("The month is not over: figures so far.", "本月尚未结束：以下为截至目前的数据。")
SUMMARY = Text("Checks, worst first", "检查项（最差在前）")
EMPTY = Text("No checks are configured.", "未配置任何检查项。")
CHECK = Text("Check", "检查项")
TARGET = Text("Target", "目标")
OBJECTIVE = Text("Objective", "目标值")
AVAILABILITY = Text("Availability", "可用率")
RESULT = Text("Result", "结论")
MET = Text("met", "达标")
MISSED = Text("missed", "未达标")
NO_FIGURE = Text("no figure", "无法计算")
PROVISIONAL = Text("provisional: less than 99 % of the time was measured", "暂定值：实际测量时间不足 99 %")
BUDGET = Text("Error budget used", "已用错误预算")
UP = Text("Up", "正常")
DOWN = Text("Down", "中断")
UNKNOWN = Text("Unknown", "未知")
EXCLUDED = Text("Excluded", "已排除")
COVERAGE = Text("Coverage", "数据覆盖率")
LATENCY = Text("Latency", "延迟")
MEDIAN = Text("Latency, median", "延迟中位数")
P95 = Text("Latency, 95th percentile", "延迟 95 分位")
LATENCY_OBJECTIVE = Text("Latency objective", "延迟目标")
RUNS = Text("Runs", "执行次数")
SLOTS_MISSED = Text("Runs that did not take place", "未执行次数")
DAYS = Text("Day by day", "逐日情况")
OUTAGES = Text("Outages", "中断记录")
NO_OUTAGE = Text("No outage was seen in this period.", "本周期内未发现中断。")
MORE_OUTAGES = Text("Further outages, counted but not listed", "其余中断（已计入，未列出）")
FROM = Text("From", "开始")
TO = Text("To", "结束")
LASTED = Text("Duration", "时长")
INCIDENTS = Text("Incidents", "事件")
FIGURES = Text("Incidents in figures", "事件指标")
FIGURE = Text("Figure", "指标")
COUNT = Text("n", "次数")
MEAN = Text("Mean", "平均")
MIDDLE = Text("Median", "中位数")
P90 = Text("90th percentile", "90 分位")
FEW = Text("Fewer than five are listed: a mean would say less.", "不足五次时逐一列出，不计算平均值。")
BETWEEN_FAILURES = Text("MTBF: operating time of all targets / failures", "MTBF：全部目标的运行时间 / 故障次数")
SERVICE_AVAILABILITY = Text("A = MTBF / (MTBF + MTTR restore)", "A = MTBF /（MTBF + MTTR 恢复）")
STILL_OPEN = Text("Not restored at the end of the period", "期末尚未恢复")
MAINTENANCE = Text("Maintenance excluded", "已排除的维护时段")
REASON = Text("Reason", "原因")
AUTHOR = Text("Agreed by", "登记人")
METHOD = Text("Method", "计算方法")
KIND = Text("Kind", "类别")
SECONDS = Text("(s)", "（秒）")
SOFTWARE = Text("Software", "软件版本")
CONFIG = Text("Configuration", "配置版本")
INSTALL = Text("Installation", "安装标识")
INPUTS = Text("SHA-256 of the inputs", "输入数据 SHA-256")

METHOD_TEXT = (
    Text(
        "Each check runs on a fixed grid. A run stands for its slot: from the instant it was due until the next one is due. "
        "The service is down from the scheduled time of the first failing run until that of the first good one. "
        "Declines by a bank are answers and count as up.",
        "每个检查项按固定时间网格执行。一次执行代表其所在时段：从计划时刻起，到下一次计划时刻止。"
        "服务中断从首次失败执行的计划时刻开始，到首次成功执行的计划时刻结束。银行的拒付属于正常应答，计为正常。",
    ),
    Text(
        "Slots without a run, runs that the monitor itself could not complete, and hours whose single runs are no longer kept "
        "are unknown: never up, never down, and outside the division. Coverage is the share of the period that is not unknown.",
        "没有执行的时段、因监测系统自身原因未能完成的执行，以及单次执行记录已过保留期的小时，均计为未知：既不算正常，也不算中断，不参与计算。"
        "数据覆盖率为周期内非未知时间所占比例。",
    ),
    Text(
        "Agreed maintenance is excluded and listed. Up, down, unknown and excluded seconds add up to the period. "
        "Availability = up / (period - excluded - unknown), compared with the objective unrounded and shown rounded down.",
        "约定的维护时段予以排除并逐条列出。正常、中断、未知、排除的秒数之和等于统计周期。"
        "可用率 = 正常时间 /（周期 - 排除 - 未知）；与目标值比较时不作舍入，显示时向下取整。",
    ),
    Text(
        "Where a check runs from several locations, the service is up when any of them saw it up. Each outage may be off by up to "
        "one interval of its check at either end. Latency is that of successful runs, from histograms with at most 5 % relative error.",
        "同一检查项从多个地点执行时，任一地点正常即计为正常。每次中断的起止时间误差不超过该检查项的一个执行间隔。"
        "延迟仅统计成功的执行，取自相对误差不超过 5 % 的直方图。",
    ),
)


def local(instant: int, zone: str) -> str:
    """``2026-10-25 02:30:00+01:00``: the offset tells apart the hour that occurs twice."""
    return datetime.fromtimestamp(instant, zone_of(zone)).isoformat(sep=" ")


def local_span(span: Interval, zone: str) -> str:
    return f"{local(span.start, zone)} – {local(span.end, zone)}"
