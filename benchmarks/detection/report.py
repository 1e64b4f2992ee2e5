"""Results as files: JSON with what is needed to do it again, and one page for people."""

import datetime as dt
import json
import os
import platform
from pathlib import Path
from typing import Any

import numba
import numpy as np

from benchmarks.detection.compiled import HERE, ROOT, fingerprint
from benchmarks.detection.customers import COMPLAINING, PAYMENTS_PER_SECOND
from benchmarks.detection.faults import INCIDENTS, LOCAL

RESULTS = HERE / "results"
PAGE = ROOT / "docs" / "detection-benchmark.md"
Row = dict[str, Any]


def about(command: str, seed: int) -> Row:
    """What one needs to know to do it again."""
    return {
        "command": command,
        "seed": seed,
        "date": dt.datetime.now(dt.UTC).strftime("%Y-%m-%d"),
        "machine": f"{_processor()}, {os.cpu_count()} cores",
        "versions": {"python": platform.python_version(), "numpy": np.__version__, "numba": numba.__version__},
        "sources": fingerprint(),
    }


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.processor())


def save(name: str, results: Row, folder: Path = RESULTS) -> None:
    folder.mkdir(exist_ok=True)
    text = json.dumps(results, indent=1, ensure_ascii=False)
    (folder / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def load(name: str, folder: Path = RESULTS) -> Row | None:
    path = folder / f"{name}.json"
    found: Row | None = json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
    return found


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines) + "\n"


def seconds(value: float | None) -> str:
    if value is None:
        return "miss"
    return f"{value:.1f}" if value < 10 else f"{value:,.0f}"


def cell(incident: Row) -> str:
    """Median and 95 % in seconds; ``miss``: later than the end of the fault."""
    if incident["median"] is None:
        return f"miss ({incident['missed']:.0%})"
    return f"{seconds(incident['median'])} / {seconds(incident['p95'])}"


def rate(row: Row) -> str:
    return f"{row['rate']:.3g} ({row['low']:.2g} to {row['high']:.2g})"


def contest_table(contenders: list[Row], setting: int) -> str:
    """All rules against all incidents; ``setting`` counts the settings of each, -1 is the matched one."""
    head = ["rule", "false tickets a check-month (95 %)", "extra probes", *(fault.title for fault in INCIDENTS)]
    rows = []
    for one in contenders:
        for chosen in [one["settings"][-1]] if setting == -1 else one["settings"][:-1]:
            name = one["name"] if setting == -1 or chosen["setting"] == "configured" else f"{one['name']}, {chosen['setting']}"
            cells = [cell(chosen["incidents"][fault.name]) for fault in INCIDENTS]
            rows.append([name, rate(chosen["false_tickets"]), f"{one['overhead']:.1%}", *cells])
    return table(head, rows)


def local_table(contenders: list[Row]) -> str:
    """How often one place's trouble raised an alarm, as configured."""
    head = ["rule", *(fault.title for fault in LOCAL)]
    rows = []
    for one in contenders:
        for chosen in one["settings"][:-1]:
            rows.append([f"{one['name']}, {chosen['setting']}", *(f"{chosen['local'][f.name]['alarmed']:.1%}" for f in LOCAL)])
    return table(head, rows)


def customers_table(contenders: list[Row]) -> str:
    """Payments that failed before the ticket (median), and how often the ticket came first, at matched false tickets."""
    shown = [fault for fault in INCIDENTS if fault.share]
    head = ["rule, at one false ticket a check-month", *(fault.title for fault in shown)]
    rows = []
    for one in contenders:
        found = one["settings"][-1]["incidents"]
        cells = []
        for fault in shown:
            hit = found[fault.name]["customers"]
            cells.append(f"{'-' if hit['hurt'] is None else format(hit['hurt'], ',.0f')} / {hit['first']:.0%}")
        rows.append([one["name"], *cells])
    return table(head, rows)


def worlds_table(worlds: list[Row]) -> str:
    shown = list(worlds[0]["delays"])
    titles = {fault.name: fault.title for fault in INCIDENTS}
    head = ["world", "asked 1 a month: seen", "asked 0.167 a month: seen", "extra probes", *(titles[name] for name in shown)]
    rows = []
    for one in worlds:
        delays = [cell(one["delays"][name]["1 in 6 months"]) for name in shown]
        kept = [rate(one["false_tickets"][label]) for label in one["false_tickets"]]
        rows.append([one["world"], *kept, f"{one['overhead']:.1%}", *delays])
    return table(head, rows)


def iid_table(rows: list[Row]) -> str:
    head = [
        "share failing",
        "Lorden's bound, fixed rate",
        "exact CUSUM, fixed rate",
        "kernel",
        "optimum with sampling control",
        "ratio",
    ]
    cells = [
        [
            f"{row['share']:.0%}",
            seconds(row["lorden_seconds"]),
            seconds(row["cusum_seconds"]),
            f"{row['kernel_seconds']:.1f} (+-{row['kernel_half_width']:.1f})",
            f"{row['optimum_seconds']:.1f}",
            f"{row['ratio']:.2f}",
        ]
        for row in rows
    ]
    return table(head, cells)


def strata_table(strata: Row) -> str:
    labels = list(strata["false_tickets"])
    rows = [["false tickets a check-month, six streams together", *(rate(strata["false_tickets"][label]) for label in labels)]]
    rows += [[name.replace("_", " "), *(cell(found[label]) for label in labels)] for name, found in strata["incidents"].items()]
    return table(["fault of one stream", *labels], rows)


def calibration_table(rows: list[Row]) -> str:
    head = ["configuration", "world", "asked", "false tickets a check-month (95 %)", "check-months", "kept", "extra probes"]
    cells = [
        [
            row["configuration"],
            row["world"],
            f"{row['asked']:.3f}",
            rate(row["false_tickets"]),
            f"{row['false_tickets']['months']:,.0f}",
            "yes" if row["kept"] else "no",
            f"{row['overhead']:.1%}",
        ]
        for row in rows
    ]
    return table(head, cells)


def kinds_table(rows: list[Row]) -> str:
    head = ["kind", "what happens", "false alarms a check-month (95 %)", "check-months", "delay, median / 95 %"]
    cells = []
    for row in rows:
        calm, late = row.get("false_alarms"), row.get("delay")
        told = (rate(calm), f"{calm['months']:,.0f}", "") if calm else ("", "", cell(late))
        cells.append([f"`{row['kind']}`", row["name"], *told])
    return table(head, cells)


def write_page(folder: Path = RESULTS, page: Path = PAGE) -> None:
    """The page, from whatever results there are."""
    parts = ["# Detection, measured\n", _HEAD]
    detection, calibration = load("detection", folder), load("calibration", folder)
    if detection:
        everyone = detection["ours"] + detection["peers"]
        parts += [_made(detection["about"])]
        parts += ["## As configured\n", _CELLS, contest_table(everyone, 0)]
        parts += ["## At one false ticket a check-month\n", _MATCHED, contest_table(everyone, -1)]
        parts += ["## One place in trouble\n", _LOCAL, local_table(everyone)]
        parts += ["## Customers\n", _CUSTOMERS, customers_table(everyone)]
        parts += ["## Other worlds\n", _WORLDS, worlds_table(detection["worlds"])]
        parts += ["## One brand of six\n", _STRATA, strata_table(detection["strata"][0])]
        parts += ["## How far from the optimum\n", _IID, iid_table(detection["iid"])]
        alarms = rate(detection["iid_false_alarms"][0]["alarms_per_30_days"])
        parts += [f"False alarms in that world, where one in 30 days is promised at most: {alarms} in 30 days.\n"]
    if calibration:
        parts += ["## Is the budget kept?\n", _made(calibration["about"]), calibration_table(calibration["rows"])]
    kinds = load("kinds", folder)
    if kinds:
        parts += ["## The other kinds with a budget\n", _KINDS, _made(kinds["about"]), kinds_table(kinds["rows"])]
    page.write_text("\n".join(parts), encoding="utf-8")


def _made(row: Row) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in row["versions"].items())
    return f"`{row['command']}`, seed {row['seed']}, {row['date']}, {row['machine']}, {versions}.\n"


_KINDS = """One step of one check, once a minute, after three weeks of calm; the budget asked is one false alarm a month. Delays in seconds.
"""

_HEAD = """Generated from `benchmarks/detection/results/`; every figure comes from a seed and can be made again.

The world is simulated: three places, background failures of 0.2 % with a daily shape, a failover of a few seconds a day, network
blips and path shifts at each place, lognormal latency with a Pareto tail, daily and weekly season, a slow common load, hiccups. Our
engine is the production code, compiled where it stands; the rules of others are implemented by their definitions in
`benchmarks/detection/peers.py`. A simulated world is kinder than a real one in ways nobody has thought of: calibrate on your own
history (`paycanary calibration`) before trusting a budget.
"""
_CELLS = """Seconds from onset to ticket, median / 95 %; a fault not told of before its end is a miss.

With one place only, the network blips and slow paths of that place (ten and six a month in this world) cannot be told from the
gateway's own trouble: there the budget is not kept, and the row is here to show it. Control checks take most such blips away in
the service; two more places take them all.
"""
_MATCHED = "The same with every threshold moved until a check has one false ticket a month.\n"
_LOCAL = (
    "Share of episodes in which trouble at one place alone raised an alarm, with all other causes of false tickets going on.\n"
)
_CUSTOMERS = f"""{PAYMENTS_PER_SECOND:.0f} payments a second, {COMPLAINING:.0%} of those hurt complain, after half a minute and then ten minutes on
average: payments that failed before the ticket (median) / share of incidents ticketed before the first complaint.
"""
_WORLDS = (
    "Our engine at 30 s from three places; each world with a baseline learned from its own four weeks. Delays at 1 in 6 months.\n"
)
_STRATA = "Six streams rotate through one check of 30 s from three places and share its budget.\n"
_IID = """Independent failures at 0.2 %, one stream, a probe every 10 s; 30 days between false alarms; mean delay in seconds. The kernel
knows neither the share nor when; the optimum knows the share, and spends as many probes.
"""
