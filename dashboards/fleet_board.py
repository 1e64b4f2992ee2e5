"""The fleet: what a control room has on the wall."""

from board import AMBER, GREEN, RED, Board, Panel, Query, Row, Variable

from monitor.model.text import Text

_PICK = 'target=~"$target",location=~"$location"'
_HERE = 'location=~"$location"'
#: Fast for nobody, wrong for nobody: three intervals without a run is silence.
_SILENT = f"time() - paycanary_check_last_run_timestamp_seconds{{{_PICK}}} > 3 * paycanary_check_interval_seconds{{{_PICK}}}"
_UP_OR_DOWN = f'{_PICK},standing=~"up|down"'
_UP = (("0", Text("down", "不可用"), RED), ("1", Text("up", "可用"), GREEN))


def _availability(by: str, window: str) -> str:
    good = f'sum by ({by}) (increase(paycanary_run_standings_total{{{_PICK},standing="up"}}[{window}]))'
    return f"{good} / sum by ({by}) (increase(paycanary_run_standings_total{{{_UP_OR_DOWN}}}[{window}]))"


def _quantile(q: str, by: str, metric: str, pick: str, window: str = "$__rate_interval") -> str:
    return f"histogram_quantile({q}, sum by (le, {by}) (rate({metric}_bucket{{{pick}}}[{window}])))"


_NOW = Row(
    Text("Now", "当前状况"),
    (
        Panel(
            "stat",
            Text("Open incidents", "未解决的事件"),
            Text("Incidents that are not resolved, by severity. P1 is the worst.", "尚未解决的事件，按严重程度统计。P1 最严重。"),
            "short",
            (Query("sum by (severity) (paycanary_incidents_open)", "{{severity}}"),),
            width=6,
            height=5,
            steps=((None, GREEN), (1, RED)),
        ),
        Panel(
            "stat",
            Text("Checks down", "不可用的检测项"),
            Text("Checks whose latest run found the service down.", "最近一次运行判定服务不可用的检测项数量。"),
            "short",
            (Query(f"count(paycanary_check_up{{{_PICK}}} == 0) or vector(0)"),),
            width=4,
            height=5,
            steps=((None, GREEN), (1, RED)),
        ),
        Panel(
            "stat",
            Text("Silent checks", "无数据的检测项"),
            Text(
                "Checks without a run for three of their intervals. Silence is not health: the monitor may be blind.",
                "连续三个周期没有运行的检测项。没有数据不代表正常，可能是监控本身失明。",
            ),
            "short",
            (Query(f"count({_SILENT}) or vector(0)"),),
            width=4,
            height=5,
            steps=((None, GREEN), (1, AMBER)),
        ),
        Panel(
            "stat",
            Text("Availability", "可用率"),
            Text(
                "Share of measured runs in the chosen period that found the service up. Runs that measured nothing are left out.",
                "所选时段内有效运行中判定服务可用的比例。没有测到结果的运行不计入。",
            ),
            "percentunit",
            (Query(_availability("target", "$__range"), "{{target}}"),),
            width=6,
            height=5,
            decimals=3,
            steps=((None, RED), (0.99, AMBER), (0.999, GREEN)),
        ),
        Panel(
            "stat",
            Text("Next certificate expiry", "最近到期的证书"),
            Text(
                "Time until the earliest certificate presented to any check expires.",
                "各检测项收到的证书中，最早到期的剩余时间。",
            ),
            "s",
            (Query(f"min(paycanary_tls_certificate_expiry_timestamp_seconds{{{_PICK}}}) - time()"),),
            width=4,
            height=5,
            steps=((None, RED), (7 * 86_400, AMBER), (21 * 86_400, GREEN)),
        ),
    ),
)

_CHECKS = Row(
    Text("Checks", "检测项"),
    (
        Panel(
            "table",
            Text("Every check", "全部检测项"),
            Text(
                "Latest state, availability and latency in the chosen period. Follow a check to its own page.",
                "所选时段内的最新状态、可用率与延迟。点击检测项可进入其详情页。",
            ),
            "short",
            (
                Query(f"max by (check, target, location) (paycanary_check_up{{{_PICK}}})"),
                Query(_availability("check, target, location", "$__range")),
                Query(_quantile("0.95", "check, target, location", "paycanary_run_duration_seconds", _PICK, "$__range")),
                Query(f"max by (check, target, location) (time() - paycanary_check_last_run_timestamp_seconds{{{_PICK}}})"),
            ),
            width=12,
            height=11,
            columns=(
                ("check", Text("Check", "检测项"), ""),
                ("target", Text("Target", "目标"), ""),
                ("location", Text("Location", "地点"), ""),
                ("Value #A", Text("Up (1) or down (0)", "可用（1）或不可用（0）"), "short"),
                ("Value #B", Text("Availability", "可用率"), "percentunit"),
                ("Value #C", Text("Latency p95", "延迟 p95"), "s"),
                ("Value #D", Text("Last run ago", "距上次运行"), "s"),
            ),
            links=((Text("Open the check", "打开检测项"), "/d/{check}?var-check=${__data.fields[0]}&${__url_time_range}"),),
        ),
        Panel(
            "states",
            Text("State over time", "状态时间线"),
            Text("Up, down, or a gap when nothing could be measured.", "可用、不可用；空白表示当时没有测到结果。"),
            "short",
            (Query(f"max by (check, location) (paycanary_check_up{{{_PICK}}})", "{{check}} {{location}}"),),
            width=12,
            height=11,
            states=_UP,
        ),
    ),
)

_FAILURES = Row(
    Text("What fails, and how fast it is", "失败原因与速度"),
    (
        Panel(
            "bars",
            Text("Runs by outcome", "按结果统计的运行次数"),
            Text(
                "What runs came to, without those that went well. Declines are answers; technical outcomes count against availability.",
                "除成功以外的运行结果。拒付属于正常应答；技术类结果计入不可用。",
            ),
            "short",
            (
                Query(
                    f'sum by (outcome) (increase(paycanary_runs_total{{{_PICK},outcome!~"ok|approved"}}[$__rate_interval]))',
                    "{{outcome}}",
                ),
            ),
        ),
        Panel(
            "bars",
            Text("Network failures by reason", "按原因统计的网络故障"),
            Text(
                "Runs that failed below the payment protocol: names, connections, TLS, time-outs.",
                "支付协议以下的失败：域名解析、连接、TLS、超时。",
            ),
            "short",
            (
                Query(
                    f"sum by (target, reason) (increase(paycanary_network_failures_total{{{_PICK}}}[$__rate_interval]))",
                    "{{target}} {{reason}}",
                ),
            ),
        ),
        Panel(
            "lines",
            Text("Latency p95 by check", "各检测项延迟 p95"),
            Text(
                "95 of 100 runs that met their expectation took at most this long. Failures are left out.",
                "符合预期的运行中，95% 不超过该时长。失败的运行不计入。",
            ),
            "s",
            (Query(_quantile("0.95", "check", "paycanary_run_duration_seconds", _PICK), "{{check}}"),),
        ),
        Panel(
            "lines",
            Text("Error budget burn", "错误预算消耗速度"),
            Text(
                "1 spends exactly the budget that the objective allows; 10 spends a month's budget in three days.",
                "1 表示恰好按目标消耗预算；10 表示三天耗尽一个月的预算。",
            ),
            "short",
            (
                Query(
                    f'sum by (check) (rate(paycanary_run_standings_total{{{_PICK},standing="down"}}[$__rate_interval]))'
                    f" / sum by (check) (rate(paycanary_run_standings_total{{{_UP_OR_DOWN}}}[$__rate_interval]))"
                    f" / (1 - max by (check) (paycanary_check_objective_availability_ratio{{{_PICK}}}))",
                    "{{check}}",
                ),
            ),
        ),
    ),
)

_TICKETS = Row(
    Text("Tickets", "工单"),
    (
        Panel(
            "lines",
            Text("Commands waiting", "待发送的工单指令"),
            Text(
                "Ticket commands that are not with their desk yet. Dead ones need a human.",
                "尚未送达工单系统的指令。dead 状态需要人工处理。",
            ),
            "short",
            (Query('sum by (desk, state) (paycanary_outbox_commands{state!~"sent|superseded"})', "{{desk}} {{state}}"),),
            width=8,
        ),
        Panel(
            "lines",
            Text("Time to the desk, p95", "送达工单系统耗时 p95"),
            Text(
                "From the decision to open, update or resolve a ticket until its desk had taken it.",
                "从决定创建、更新或关闭工单，到工单系统确认收到的时间。",
            ),
            "s",
            (
                Query(
                    "histogram_quantile(0.95, sum by (le, desk) (rate(paycanary_delivery_seconds_bucket[$__rate_interval])))",
                    "{{desk}}",
                ),
            ),
            width=8,
        ),
        Panel(
            "bars",
            Text("Deliveries", "投递结果"),
            Text("What attempts to tell a desk came to.", "向工单系统投递的结果。"),
            "short",
            (Query("sum by (desk, event) (increase(paycanary_deliveries_total[$__rate_interval]))", "{{desk}} {{event}}"),),
            width=8,
        ),
    ),
)

_OURSELVES = Row(
    Text("The monitor itself", "监控自身"),
    (
        Panel(
            "bars",
            Text("Missed slots", "错过的执行时点"),
            Text(
                "Slots that did not run, by reason. Planned slots are always those that ran plus these.",
                "未执行的时点及原因。计划数恒等于已执行数与错过数之和。",
            ),
            "short",
            (Query(f"sum by (reason) (increase(paycanary_slots_missed_total{{{_PICK}}}[$__rate_interval]))", "{{reason}}"),),
            width=8,
        ),
        Panel(
            "lines",
            Text("Our own delays, p99", "自身延迟 p99"),
            Text(
                "How late runs began, how long they waited on us, how late the event loop was. Never part of a gateway's latency.",
                "运行的启动延迟、内部排队时间与事件循环延迟。均不计入网关延迟。",
            ),
            "s",
            (
                Query(
                    _quantile("0.99", "location", "paycanary_run_late_seconds", _HERE),
                    Text("late start {{location}}", "启动延迟 {{location}}"),
                ),
                Query(
                    _quantile("0.99", "location", "paycanary_run_queue_seconds", _HERE),
                    Text("queue {{location}}", "排队 {{location}}"),
                ),
                Query(
                    _quantile("0.99", "location", "paycanary_loop_lag_seconds", _HERE),
                    Text("event loop {{location}}", "事件循环 {{location}}"),
                ),
            ),
            width=8,
        ),
        Panel(
            "bars",
            Text("Our own faults", "自身故障"),
            Text(
                "Runs that measured nothing because the monitor failed. Never booked as the gateway's.",
                "因监控自身故障而没有结果的运行，绝不计入网关故障。",
            ),
            "short",
            (Query(f"sum by (reason) (increase(paycanary_agent_faults_total{{{_HERE}}}[$__rate_interval]))", "{{reason}}"),),
            width=8,
        ),
        Panel(
            "stat",
            Text("Configuration", "配置"),
            Text(
                "Whether the latest reload was taken. When refused, the former configuration goes on running.",
                "最近一次重新加载是否成功。失败时继续使用原有配置。",
            ),
            "short",
            (Query("min(paycanary_config_last_reload_successful)"),),
            width=6,
            height=5,
            steps=((None, RED), (1, GREEN)),
            states=(("0", Text("refused", "被拒绝"), RED), ("1", Text("taken", "已生效"), GREEN)),
        ),
        Panel(
            "stat",
            Text("Rows waiting for the store", "等待写入的行数"),
            Text(
                "Rows waiting for the store's writer. Growth means that the disk cannot follow.",
                "等待存储写入的行数。持续增长说明磁盘跟不上。",
            ),
            "short",
            (Query("sum(paycanary_store_pending_rows)"),),
            width=6,
            height=5,
            steps=((None, GREEN), (10_000, AMBER), (50_000, RED)),
        ),
        Panel(
            "stat",
            Text("Memory", "内存"),
            Text("Memory held by the process.", "进程占用的内存。"),
            "bytes",
            (
                Query(
                    "sum by (instance) (process_resident_memory_bytes and on (instance, job) paycanary_build_info)",
                    "{{instance}}",
                ),
            ),
            width=6,
            height=5,
        ),
        Panel(
            "stat",
            Text("Series kept", "时间序列占用"),
            Text(
                "Share of the series budget in use. Beyond it checks are refused, and counted.",
                "时间序列预算的使用比例。超出后新的检测项不再导出，并计数。",
            ),
            "percentunit",
            (Query("max(paycanary_series / paycanary_series_budget)"),),
            width=6,
            height=5,
            steps=((None, GREEN), (0.8, AMBER), (0.95, RED)),
        ),
    ),
)

FLEET = Board(
    "fleet",
    Text("paycanary: fleet", "paycanary：总览"),
    Text(
        "Every payment gateway that is watched: what is open, what is down, what fails and how, and whether the monitor itself is well.",
        "所有受监控的支付网关：未解决的事件、不可用的检测项、失败原因，以及监控自身的状态。",
    ),
    (
        Variable("target", Text("Target", "目标"), "paycanary_check_info, target"),
        Variable("location", Text("Location", "地点"), "paycanary_check_info, location"),
    ),
    (_NOW, _CHECKS, _FAILURES, _TICKETS, _OURSELVES),
)
