"""Every metric of paycanary, declared once: name, kind, help, labels. Dashboards and documentation are checked against this list.

Label values come from closed sets only: ids and names out of the configuration, and the enums of ``monitor/model``. Never a
URL, an error text, an id of a run, or anything a target sent.
"""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"
    SUMMARY = "summary"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Metric:
    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()

    @property
    def base(self) -> str:
        """The family's name in OpenMetrics, which leaves the suffix to the samples."""
        suffix = {Kind.COUNTER: "_total", Kind.INFO: "_info"}.get(self.kind, "")
        return self.name.removesuffix(suffix)

    @property
    def sample_names(self) -> tuple[str, ...]:
        """What its samples are called, as queries name them."""
        suffixes = {Kind.HISTOGRAM: ("_bucket", "_sum", "_count"), Kind.SUMMARY: ("_sum", "_count")}.get(self.kind, ("",))
        return tuple(self.name + suffix for suffix in suffixes)


_CHECK = ("check", "target", "location")
_STRATUM = (*_CHECK, "stratum")
_STEP = (*_CHECK, "step")
_C, _G, _H = Kind.COUNTER, Kind.GAUGE, Kind.HISTOGRAM

# A check's runs
RUNS = Metric("paycanary_runs_total", _C, "Runs of a check by what they came to.", (*_STRATUM, "outcome"))
STANDINGS = Metric(
    "paycanary_run_standings_total",
    _C,
    "Runs of a check by what they say about availability: up, down, or unknown when nothing was measured.",
    (*_STRATUM, "standing"),
)
RUN_SECONDS = Metric(
    "paycanary_run_duration_seconds",
    _H,
    "How long runs took that met their expectation. Failures are counted elsewhere, so that a quick error flatters no latency.",
    _STRATUM,
)
STEP_RESULTS = Metric(
    "paycanary_step_results_total", _C, "Steps by whether they met their expectation: good, bad, or unknown.", (*_STEP, "result")
)
STEP_SECONDS = Metric("paycanary_step_duration_seconds", _H, "How long steps took that met their expectation.", _STEP)
PHASE_SECONDS = Metric(
    "paycanary_step_phase_seconds",
    Kind.SUMMARY,
    "Time spent in each phase of a step's exchange. A phase that was not reached is absent, never 0.",
    (*_STEP, "phase"),
)
UP = Metric(
    "paycanary_check_up", _G, "1 when the latest run found the service up, 0 when down. Absent when it could not tell.", _CHECK
)
LAST_RUN = Metric("paycanary_check_last_run_timestamp_seconds", _G, "When the latest run of a check ended.", _CHECK)
INTERVAL = Metric("paycanary_check_interval_seconds", _G, "How often a check runs.", _CHECK)
OBJECTIVE = Metric("paycanary_check_objective_availability_ratio", _G, "The share of runs that is to be up.", _CHECK)
OBJECTIVE_SECONDS = Metric(
    "paycanary_check_objective_latency_seconds", _G, "How long a run may take. Absent when nothing was agreed.", _CHECK
)
CERTIFICATE = Metric(
    "paycanary_tls_certificate_expiry_timestamp_seconds",
    _G,
    "When the earliest certificate in the chain last presented to a check expires.",
    _CHECK,
)
CHECK_INFO = Metric("paycanary_check_info", Kind.INFO, "What kind of check it is.", (*_CHECK, "control", "moves_money"))
UNDO_OPEN = Metric("paycanary_undo_failures_total", _C, "Undo steps that were owed by a run and did not succeed.", _CHECK)

# Evidence: what the rules go by
EVIDENCE = Metric(
    "paycanary_evidence_score",
    _G,
    "Natural logarithm of the evidence for trouble in seconds, by rule: that of the rule's series which is nearest to its alarm.",
    (*_CHECK, "rule"),
)
EVIDENCE_THRESHOLD = Metric(
    "paycanary_evidence_threshold",
    _G,
    "The evidence score at which that series alarms: its false-alarm budget.",
    (*_CHECK, "rule"),
)
BASELINE_AT = Metric(
    "paycanary_baseline_learned_timestamp_seconds",
    _G,
    "When what is normal for a check was last learnt. Absent in its cold start.",
    _CHECK,
)
BASELINE_FAILURES = Metric(
    "paycanary_baseline_failure_ratio",
    _G,
    "The share of runs that may fail by themselves while all is well: a 95 % bound from history, or the cold start's assumption.",
    _CHECK,
)

# The schedule
PLANNED = Metric(
    "paycanary_slots_planned_total", _C, "Slots whose time came. Always the sum of those that ran and those missed.", _CHECK
)
RAN = Metric("paycanary_slots_ran_total", _C, "Slots that ran.", _CHECK)
MISSED = Metric("paycanary_slots_missed_total", _C, "Slots that did not run, by reason.", (*_CHECK, "reason"))
LATE = Metric("paycanary_run_late_seconds", _H, "How long after its due instant a run began.", ("location",))
QUEUE = Metric("paycanary_run_queue_seconds", _H, "Time a run waited on ourselves. Never part of its duration.", ("location",))

# Failures by cause
NETWORK = Metric(
    "paycanary_network_failures_total",
    _C,
    "Runs that failed below the payment protocol, by reason.",
    ("target", "location", "reason"),
)
FAULTS = Metric(
    "paycanary_agent_faults_total", _C, "Runs that measured nothing because the monitor itself failed.", ("location", "reason")
)

# Runs asked for under suspicion, beside the schedule
EXTRA_RUNS = Metric(
    "paycanary_extra_runs_total",
    _C,
    "Runs of a check beside its schedule, asked for under suspicion, by what they say. No part of any availability.",
    (*_CHECK, "standing"),
)
EXTRA_REFUSED = Metric(
    "paycanary_extra_runs_refused_total",
    _C,
    "Runs asked for under suspicion and not made, by reason. With those that ran, all that were asked for.",
    (*_CHECK, "reason"),
)
BURSTING = Metric("paycanary_check_bursting", _G, "1 while a check is looked at more closely, else 0.", _CHECK)
EXTRA_SAVED = Metric(
    "paycanary_extra_runs_saved", _G, "Extra runs of a check that may be made before it has to wait for more.", _CHECK
)

# The budget of each gateway
BUDGET_TOKENS = Metric(
    "paycanary_budget_tokens",
    _G,
    "Requests that may still be made of a target beyond those put aside. Absent without a limit.",
    ("target",),
)
BUDGET_REFUSED = Metric(
    "paycanary_budget_refused_total",
    _C,
    "Runs and requests not made because a target was to be left alone, by reason.",
    ("target", "reason"),
)
BUDGET_DECLINES = Metric(
    "paycanary_budget_declines_used", _G, "Declines in the last 24 hours of the card of a target that has the most.", ("target",)
)
BUDGET_PAUSED = Metric(
    "paycanary_budget_paused_seconds", _G, "How long a target still wants nothing sent. 0 when it does not say so.", ("target",)
)

# Synthetic money
_MONEY = ("target", "currency")
LEDGER_EXPOSURE = Metric(
    "paycanary_ledger_exposure_minor", _G, "The most synthetic money that can be open at a gateway now, in minor units.", _MONEY
)
LEDGER_OPEN = Metric(
    "paycanary_ledger_open_transactions", _G, "Transactions that a gateway has not yet shown to be closed.", ("target",)
)
LEDGER_OLDEST = Metric(
    "paycanary_ledger_oldest_open_seconds",
    _G,
    "Age of the oldest transaction of a gateway that is not closed. 0 when there is none.",
    ("target",),
)
LEDGER_UNDO_FAILURES = Metric(
    "paycanary_ledger_undo_failures_total", _C, "Requests of the ledger to give money back that were not accepted.", ("target",)
)
LEDGER_STOPPED = Metric("paycanary_ledger_money_stopped", _G, "1 while no money may move at a gateway, else 0.", ("target",))
LEDGER_STRAYS = Metric(
    "paycanary_ledger_strays_total",
    _C,
    "Open payments found at a gateway under our references that no open transaction accounts for.",
    ("target",),
)

# Incidents and their delivery
INCIDENTS = Metric("paycanary_incidents_open", _G, "Incidents that are not resolved.", ("severity",))
CLOCK_LEFT = Metric(
    "paycanary_incident_clock_left_seconds",
    _G,
    "Time left until a response, update or restore target is missed, of the open incident with the least; negative once it is.",
    ("clock", "severity"),
)
CLOCKS_MISSED = Metric(
    "paycanary_incident_clocks_missed_total", _C, "Response, update and restore targets that were missed.", ("clock", "severity")
)
CALENDAR_OFFICIAL = Metric(
    "paycanary_calendar_official",
    _G,
    "1 while a calendar's holidays are announced for the coming month too; 0 when those of a year it enters are guesses.",
    ("calendar",),
)
OUTBOX = Metric("paycanary_outbox_commands", _G, "Ticket commands by desk and state.", ("desk", "state"))
OUTBOX_AGE = Metric(
    "paycanary_outbox_oldest_age_seconds",
    _G,
    "Age of the oldest ticket command of a desk in a state. 0 when there is none.",
    ("desk", "state"),
)
DELIVERIES = Metric("paycanary_deliveries_total", _C, "What deliveries to a desk came to.", ("desk", "event"))
DELIVERY_SECONDS = Metric("paycanary_delivery_seconds", _H, "From a command's decision until its desk had taken it.", ("desk",))
DESK_EVENTS = Metric(
    "paycanary_desk_events_total", _C, "What people did to tickets at a desk, as it was heard.", ("desk", "kind")
)
HOOKS = Metric(
    "paycanary_hooks_total",
    _C,
    "Requests to a desk's hook: looked (at the ticket they name), unknown (no ticket of ours), refused (not proven to be the desk's).",
    ("desk", "result"),
)

# Triage
TRIAGE_SECONDS = Metric(
    "paycanary_triage_seconds", _H, "From an inquiry's beginning until its verdict on which layer is to blame.", ("location",)
)
TRIAGE_VERDICTS = Metric(
    "paycanary_triage_verdicts_total", _C, "Verdicts by the layer they blame; none and unknown are verdicts too.", ("layer",)
)
TRIAGE_SKIPPED = Metric(
    "paycanary_triage_skipped_total",
    _C,
    "Questions of an inquiry that could not be asked, or had no answer in time, by what was to be tried.",
    ("experiment",),
)

# Ourselves
LOOP_LAG = Metric("paycanary_loop_lag_seconds", _H, "How late the event loop's own timer was.", ("location",))
STORE_PENDING = Metric("paycanary_store_pending_rows", _G, "Rows waiting for the store's writer.")
RELOAD_OK = Metric("paycanary_config_last_reload_successful", _G, "1 when the latest reload was taken, 0 when it was refused.")
RELOAD_AT = Metric("paycanary_config_last_reload_success_timestamp_seconds", _G, "When the running configuration was taken.")
CONFIG_INFO = Metric("paycanary_config_info", Kind.INFO, "The version of the running configuration.", ("version",))
BUILD_INFO = Metric("paycanary_build_info", Kind.INFO, "The version of paycanary and of Python.", ("version", "python"))
SERIES = Metric("paycanary_series", _G, "Series kept.")
SERIES_BUDGET = Metric("paycanary_series_budget", _G, "Series that may be kept.")
SERIES_REFUSED = Metric("paycanary_series_refused_total", _C, "Series refused because the budget was spent.")
UNCOUNTED = Metric(
    "paycanary_observations_refused_total", _C, "Observations of series that are not kept: refused, or no longer configured."
)

METRICS: tuple[Metric, ...] = (
    RUNS, STANDINGS, RUN_SECONDS, STEP_RESULTS, STEP_SECONDS, PHASE_SECONDS, UP, LAST_RUN, INTERVAL, OBJECTIVE, OBJECTIVE_SECONDS,
    CERTIFICATE, CHECK_INFO, UNDO_OPEN, EVIDENCE, EVIDENCE_THRESHOLD, BASELINE_AT, BASELINE_FAILURES, PLANNED, RAN, MISSED, LATE, QUEUE, NETWORK, FAULTS, EXTRA_RUNS, EXTRA_REFUSED, BURSTING, EXTRA_SAVED, BUDGET_TOKENS, BUDGET_REFUSED, BUDGET_DECLINES, BUDGET_PAUSED,
    LEDGER_EXPOSURE, LEDGER_OPEN, LEDGER_OLDEST, LEDGER_UNDO_FAILURES, LEDGER_STOPPED, LEDGER_STRAYS, INCIDENTS, CLOCK_LEFT, CLOCKS_MISSED, CALENDAR_OFFICIAL, OUTBOX, OUTBOX_AGE, DELIVERIES,
    DELIVERY_SECONDS, DESK_EVENTS, HOOKS, TRIAGE_SECONDS, TRIAGE_VERDICTS, TRIAGE_SKIPPED, LOOP_LAG, STORE_PENDING, RELOAD_OK, RELOAD_AT, CONFIG_INFO, BUILD_INFO, SERIES, SERIES_BUDGET, SERIES_REFUSED,
    UNCOUNTED,
)  # fmt: skip
