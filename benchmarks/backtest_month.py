"""How long a backtest of the shipped rules takes: a simulated month of many checks, written as samples, then replayed.

    make bench-backtest                                           1,000 checks, a run of each every 5 minutes: 8.64 million samples
    python benchmarks/backtest_month.py --checks 200 --every 60   another month
    python benchmarks/backtest_month.py --keep month.jsonl        keeps the file, for `paycanary backtest --samples`

Every figure comes from the seed. Each check is seen from three places in turn; two runs in a thousand fail by chance, one answer in
a hundred is a decline that is no failure, latency follows the hour, and each check has two incidents of 5 to 60 minutes, total or partial.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

RULES = Path(__file__).parents[1] / "alert_rules" / "payments.yaml"
SEED = 20_261
START = 1_793_577_600.0  # 2026-11-02T00:00:00Z
DAYS = 30.0
DAY_SECONDS = 86_400.0
PLACES = ("fra", "sin", "nyc")
BACKGROUND, DECLINED, INCIDENTS = 0.002, 0.01, 2


def month(number: int, every: float, rng: np.random.Generator) -> pl.DataFrame:
    """One check's runs."""
    size = int(DAYS * DAY_SECONDS / every)
    at = START + np.arange(size) * every
    share = np.full(size, BACKGROUND)
    for begins in rng.uniform(START, START + DAYS * DAY_SECONDS, INCIDENTS):
        ends = begins + rng.uniform(300.0, 3_600.0)
        share[(at >= begins) & (at < ends)] = rng.choice((0.2, 0.5, 1.0))
    failed, declined = rng.random(size) < share, rng.random(size) < DECLINED
    kinds = np.where(
        failed, rng.choice(("tech_gateway", "timeout_unknown"), size), np.where(declined, "soft_decline", "approved")
    )
    load = 0.15 * np.sin(2 * np.pi * at / DAY_SECONDS)
    seconds = np.exp(rng.normal(-1.2 + load, 0.25))
    seconds[kinds == "timeout_unknown"] = 15.0
    return pl.DataFrame(
        {
            "at": at,
            "check": np.full(size, f"check-{number:04}"),
            "location": np.array(PLACES)[np.arange(size) % len(PLACES)],
            "outcome": kinds,
            "good": ~failed,
            "seconds": seconds.round(3),
        }
    )


def write(path: Path, checks: int, every: float) -> int:
    """Returns the number of samples."""
    rng, samples = np.random.default_rng(SEED), 0
    with path.open("wb") as file:
        for number in range(checks):
            frame = month(number, every, rng)
            frame.write_ndjson(file)
            samples += len(frame)
    return samples


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checks", type=int, default=1_000)
    parser.add_argument("--every", type=float, default=300.0, help="seconds between two runs of a check")
    parser.add_argument("--keep", type=Path, help="write the samples here and keep them")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        path = asked.keep or Path(directory) / "month.jsonl"
        samples = write(path, asked.checks, asked.every)
        size = path.stat().st_size / 1e6
        print(
            f"{asked.checks:,} checks, a run every {asked.every:g} s, {DAYS:g} days: {samples:,} samples, {size:,.0f} MB",
            flush=True,
        )
        command = [sys.executable, "-m", "monitor", "backtest", "--rules", str(RULES), "--samples", str(path), "--json"]
        begun = time.perf_counter()
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        took = time.perf_counter() - begun
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = used.ru_utime + used.ru_stime
    firings = done.stdout.count('"onset"')
    print(f"backtest of {RULES.name}: {took:.1f} s on {os.cpu_count()} cores ({cpu:.1f} s of them used), {firings} firings")


if __name__ == "__main__":
    main()
