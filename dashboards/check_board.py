"""One check: from the verdict down to the phase of a step."""

from board import AMBER, GREEN, RED, Board, Panel, Query, Row, Variable

from monitor.model.text import Text

_CHECK = 'check="$check",location=~"$location"'
_PICK = f'{_CHECK},stratum=~"$stratum"'
_UP = (("0", Text("down", "不可用"), RED), ("1", Text("up", "可用"), GREEN))


def _down_share(window: str) -> str:
    down = f'sum(increase(paycanary_run_standings_total{{{_PICK},standing="down"}}[{window}]))'
    return f'{down} / sum(increase(paycanary_run_standings_total{{{_PICK},standing=~"up|down"}}[{window}]))'


def _availability_by(label: str) -> str:
    good = f'sum by ({label}) (increase(paycanary_run_standings_total{{{_PICK},standing="up"}}[$__rate_interval]))'
    return f'{good} / sum by ({label}) (increase(paycanary_run_standings_total{{{_PICK},standing=~"up|down"}}[$__rate_interval]))'


def _quantile(q: str, metric: str, pick: str, by: str = "") -> str:
    return f"histogram_quantile({q}, sum by (le{by}) (rate({metric}_bucket{{{pick}}}[$__rate_interval])))"


_VERDICT = Row(
    Text("Verdict", "结论"),
    (
        Panel(
            "stat",
            Text("State", "状态"),
            Text(
                "What the latest run found, by location. Nothing is shown when it could not tell.",
                "各地点最近一次运行的判定。无法判定时不显示。",
            ),
            "short",
            (Query(f"max by (location) (paycanary_check_up{{{_CHECK}}})", "{{location}}"),),
            width=4,
            height=5,
            states=_UP,
        ),
        Panel(
            "stat",
            Text("Availability", "可用率"),
            Text(
                "Share of measured runs in the chosen period that found the service up, and the objective.",
                "所选时段内有效运行中判定可用的比例，以及目标值。",
            ),
            "percentunit",
            (
                Query(f"1 - {_down_share('$__range')}", Text("measured", "实测")),
                Query(f"max(paycanary_check_objective_availability_ratio{{{_CHECK}}})", Text("objective", "目标")),
            ),
            width=6,
            height=5,
            decimals=3,
        ),
        Panel(
            "stat",
            Text("Error budget left", "剩余错误预算"),
            Text(
                "What remains of the failures that the objective allows in the chosen period. Below zero the objective is missed.",
                "所选时段内目标允许的失败额度还剩多少。小于零表示未达标。",
            ),
            "percentunit",
            (Query(f"1 - ({_down_share('$__range')}) / (1 - max(paycanary_check_objective_availability_ratio{{{_CHECK}}}))"),),
            width=4,
            height=5,
            decimals=1,
            steps=((None, RED), (0, AMBER), (0.25, GREEN)),
        ),
        Panel(
            "stat",
            Text("Last run ago", "距上次运行"),
            Text(
                "Time since the latest run ended, beside the interval it should keep.",
                "距最近一次运行结束的时间，以及应有的间隔。",
            ),
            "s",
            (
                Query(f"time() - max(paycanary_check_last_run_timestamp_seconds{{{_CHECK}}})", Text("last run", "上次运行")),
                Query(f"max(paycanary_check_interval_seconds{{{_CHECK}}})", Text("interval", "间隔")),
            ),
            width=5,
            height=5,
            decimals=0,
        ),
        Panel(
            "stat",
            Text("Certificate expires in", "证书剩余有效期"),
            Text("The earliest expiry in the chain that the gateway presented.", "网关证书链中最早到期的剩余时间。"),
            "s",
            (Query(f"min(paycanary_tls_certificate_expiry_timestamp_seconds{{{_CHECK}}}) - time()"),),
            width=5,
            height=5,
            steps=((None, RED), (7 * 86_400, AMBER), (21 * 86_400, GREEN)),
        ),
    ),
)

_RUNS = Row(
    Text("Runs", "运行"),
    (
        Panel(
            "bars",
            Text("Runs by outcome", "按结果统计的运行次数"),
            Text("What the runs came to, in the closed set of outcomes.", "运行结果的分布。"),
            "short",
            (Query(f"sum by (outcome) (increase(paycanary_runs_total{{{_PICK}}}[$__rate_interval])) > 0", "{{outcome}}"),),
        ),
        Panel(
            "lines",
            Text("Latency", "延迟"),
            Text(
                "Of runs that met their expectation. Dots are single runs: their label names the run to look up.",
                "仅统计符合预期的运行。散点为单次运行，标签中有其编号，可据此查询。",
            ),
            "s",
            (
                Query(_quantile("0.5", "paycanary_run_duration_seconds", _PICK), "p50"),
                Query(_quantile("0.95", "paycanary_run_duration_seconds", _PICK), "p95"),
                Query(_quantile("0.99", "paycanary_run_duration_seconds", _PICK), "p99"),
                Query(f"max(paycanary_check_objective_latency_seconds{{{_CHECK}}})", Text("objective", "目标")),
            ),
            exemplars=True,
        ),
        Panel(
            "lines",
            Text("Availability by stratum", "按分层统计的可用率"),
            Text("One brand fails before all brands do: compare them here.", "往往先有一个卡组织出问题，再波及全部：在此对比。"),
            "percentunit",
            (Query(_availability_by("stratum"), "{{stratum}}"),),
            decimals=2,
        ),
        Panel(
            "lines",
            Text("Availability by location", "按地点统计的可用率"),
            Text(
                "A fault seen from one place only is more likely the way there than the gateway.",
                "只在一个地点出现的故障，更可能是网络路径问题而非网关问题。",
            ),
            "percentunit",
            (Query(_availability_by("location"), "{{location}}"),),
            decimals=2,
        ),
        Panel(
            "heatmap",
            Text("Latency distribution", "延迟分布"),
            Text(
                "How many runs fell into each latency band. Two bands at once are two kinds of answers.",
                "各延迟区间的运行次数。同时出现两条带，说明存在两类应答。",
            ),
            "s",
            (Query(f"sum by (le) (increase(paycanary_run_duration_seconds_bucket{{{_PICK}}}[$__rate_interval]))", "{{le}}"),),
            width=24,
        ),
    ),
)

_EVIDENCE = Row(
    Text("Evidence", "证据"),
    (
        Panel(
            "lines",
            Text("Evidence against what it takes to alarm", "证据与告警阈值之比"),
            Text(
                "By rule: how far the evidence for trouble has come. At 100 % the false-alarm budget is worth a ticket.",
                "各规则的故障证据已积累到阈值的多少。达到 100 % 即按误报预算开立工单。",
            ),
            "percentunit",
            (
                Query(
                    f"max by (rule) (paycanary_evidence_score{{{_CHECK}}}) / max by (rule) (paycanary_evidence_threshold{{{_CHECK}}})",
                    "{{rule}}",
                ),
            ),
            decimals=0,
        ),
        Panel(
            "stat",
            Text("Failures that are normal", "正常水平下的失败率"),
            Text(
                "The share of runs that may fail by themselves while all is well: a bound from history, or what is assumed in the cold start.",
                "平稳期失败率的上限：由历史数据得出，冷启动期间为假定值。",
            ),
            "percentunit",
            (Query(f"max(paycanary_baseline_failure_ratio{{{_CHECK}}})"),),
            width=6,
            height=5,
            decimals=2,
        ),
    ),
)

_STEPS = Row(
    Text("Steps and phases", "步骤与阶段"),
    (
        Panel(
            "bars",
            Text("Where the time goes", "耗时分布"),
            Text(
                "Mean time in each phase of each step. wait is the gateway thinking; resolve, connect and tls are the way to it.",
                "各步骤各阶段的平均耗时。wait 为网关处理时间；resolve、connect、tls 为到达网关的过程。",
            ),
            "s",
            (
                Query(
                    f"sum by (step, phase) (rate(paycanary_step_phase_seconds_sum{{{_CHECK}}}[$__rate_interval]))"
                    f" / sum by (step, phase) (rate(paycanary_step_phase_seconds_count{{{_CHECK}}}[$__rate_interval]))",
                    "{{step}} {{phase}}",
                ),
            ),
        ),
        Panel(
            "lines",
            Text("Step latency p95", "各步骤延迟 p95"),
            Text("Of steps that met their expectation.", "仅统计符合预期的步骤。"),
            "s",
            (Query(_quantile("0.95", "paycanary_step_duration_seconds", _CHECK, ", step"), "{{step}}"),),
        ),
        Panel(
            "bars",
            Text("Steps that failed", "失败的步骤"),
            Text("Which step broke first tells which part of the gateway did.", "最先失败的步骤指出网关的哪一部分出了问题。"),
            "short",
            (
                Query(
                    f'sum by (step) (increase(paycanary_step_results_total{{{_CHECK},result="bad"}}[$__rate_interval]))',
                    "{{step}}",
                ),
            ),
        ),
        Panel(
            "bars",
            Text("Network failures of the target", "目标的网络故障"),
            Text(
                "Below the payment protocol, for every check of the same target.",
                "支付协议以下的失败，涵盖同一目标的所有检测项。",
            ),
            "short",
            (
                Query(
                    'sum by (reason) (increase(paycanary_network_failures_total{target="$target",location=~"$location"}[$__rate_interval]))',
                    "{{reason}}",
                ),
            ),
        ),
    ),
)

_CARE = Row(
    Text("Schedule and clean-up", "调度与清理"),
    (
        Panel(
            "bars",
            Text("Slots", "执行时点"),
            Text(
                "Slots that ran, and those missed by reason. Together they are all that were planned.",
                "已执行与错过的时点（按原因）。两者之和即全部计划。",
            ),
            "short",
            (
                Query(f"sum(increase(paycanary_slots_ran_total{{{_CHECK}}}[$__rate_interval]))", Text("ran", "已执行")),
                Query(f"sum by (reason) (increase(paycanary_slots_missed_total{{{_CHECK}}}[$__rate_interval]))", "{{reason}}"),
            ),
        ),
        Panel(
            "bars",
            Text("Undo steps that failed", "失败的撤销步骤"),
            Text(
                "Each may leave synthetic money open at the gateway until it is recovered.",
                "每一次都可能在网关留下未撤销的测试资金，直至恢复完成。",
            ),
            "short",
            (
                Query(
                    f"sum(increase(paycanary_undo_failures_total{{{_CHECK}}}[$__rate_interval]))",
                    Text("undo failures", "撤销失败"),
                ),
            ),
        ),
    ),
)

CHECK = Board(
    "check",
    Text("paycanary: check", "paycanary：检测项"),
    Text(
        "One check: its verdict and budget, its outcomes and latency, which step and phase it is spent in.",
        "单个检测项：结论与预算、结果与延迟，以及耗时所在的步骤与阶段。",
    ),
    (
        Variable("check", Text("Check", "检测项"), "paycanary_check_info, check", multi=False),
        Variable("location", Text("Location", "地点"), 'paycanary_check_info{check="$check"}, location'),
        Variable("stratum", Text("Stratum", "分层"), 'paycanary_runs_total{check="$check"}, stratum'),
        Variable("target", Text("Target", "目标"), 'paycanary_check_info{check="$check"}, target', multi=False, hidden=True),
    ),
    (_VERDICT, _RUNS, _EVIDENCE, _STEPS, _CARE),
)
