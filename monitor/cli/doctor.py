"""`paycanary doctor`: is this machine fit to watch from? Every line says what was found and what to do about it."""

import os
import resource
import shutil
import sqlite3
import ssl
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

import typer
from rich.table import Table

from monitor.cli.run import read_config
from monitor.cli.service import DEFAULT_CONFIG, ConfigPath, out
from monitor.config import Config

EXIT_UNFIT = 1
#: SQLite before this release can corrupt a write-ahead log when it is reset under a reader (fixed in 3.51.3, March 2026).
SQLITE_SOUND = (3, 51, 3)
DISK_LOW_BYTES, DISK_GONE_BYTES = 1 << 30, 200 << 20
#: Descriptors beside those of probes: the store, the pages, the desks.
FILES_BESIDE = 128
#: How far two readings of the wall clock may move against the monotonic one in a moment.
CLOCK_STEP_SECONDS = 0.01


class Grade(StrEnum):
    GOOD = "ok"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Finding:
    grade: Grade
    what: str
    found: str
    do: str = ""


def doctor(
    config: ConfigPath = DEFAULT_CONFIG,
    selfcheck: Annotated[
        bool,
        typer.Option(
            "--selfcheck", help="Plant secrets and card numbers in a short run of its own, and look for them in every output."
        ),
    ] = False,
) -> None:
    """Look at this machine and this configuration as the service would meet them. Exit code 1 when something is bad."""
    if selfcheck:
        _selfcheck()
        return
    settings = read_config(config)
    findings = [finding for look in LOOKS for finding in look(settings)]
    table = Table("", "what", "found", "what to do")
    styles = {Grade.GOOD: "green", Grade.WARN: "yellow", Grade.BAD: "bold red"}
    for one in findings:
        table.add_row(f"[{styles[one.grade]}]{one.grade}[/]", one.what, one.found, one.do)
    out.print(table)
    if any(one.grade is Grade.BAD for one in findings):
        raise typer.Exit(EXIT_UNFIT)


def _selfcheck() -> None:
    """A service of its own on loopback, in a directory that is gone afterwards. Your configuration is not looked at."""
    import asyncio

    from monitor.selfcheck import run

    out.print("planting secrets and card numbers in every input of a short run; this takes about half a minute", highlight=False)
    report = asyncio.run(run())
    table = Table("", "output", "searched", "found")
    for row in report.rows:
        grade, style = (Grade.BAD, "bold red") if row.found or not row.size else (Grade.GOOD, "green")
        table.add_row(f"[{style}]{grade}[/]", row.sink, f"{row.size / 1024:,.1f} KiB", ", ".join(sorted(row.found)) or "0")
    out.print(table)
    out.print(f"planted: {', '.join(canary.name for canary in report.planted)}", highlight=False)
    if not report.clean:
        raise typer.Exit(EXIT_UNFIT)


def _versions(_config: Config) -> Iterator[Finding]:
    yield Finding(Grade.GOOD, "Python", sys.version.split()[0])
    sound = sqlite3.sqlite_version_info >= SQLITE_SOUND
    advice = (
        ""
        if sound
        else "before 3.51.3 a write-ahead log reset can corrupt the file: keep backups, and upgrade when your system does"
    )
    yield Finding(Grade.GOOD if sound else Grade.WARN, "SQLite", sqlite3.sqlite_version, advice)
    yield Finding(Grade.GOOD, "TLS library", ssl.OPENSSL_VERSION)


def _disk(config: Config) -> Iterator[Finding]:
    folder = config.service.data
    existing = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    free = shutil.disk_usage(existing).free
    grade = Grade.BAD if free < DISK_GONE_BYTES else Grade.WARN if free < DISK_LOW_BYTES else Grade.GOOD
    yield Finding(
        grade, "free disk space", f"{free / (1 << 30):.1f} GiB", "" if grade is Grade.GOOD else f"make room for {folder}"
    )
    if folder.exists():
        mode = folder.stat().st_mode & 0o077
        yield Finding(
            Grade.BAD if mode else Grade.GOOD,
            "data directory",
            oct(folder.stat().st_mode & 0o777),
            f"chmod 700 {folder}" if mode else "",
        )
        fine = os.access(folder, os.W_OK)
        yield Finding(
            Grade.GOOD if fine else Grade.BAD, "may write to it", str(fine), "" if fine else f"give {folder} to this user"
        )


def _files(config: Config) -> Iterator[Finding]:
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    wanted = config.service.max_in_flight + FILES_BESIDE
    fine = limit >= wanted
    yield Finding(
        Grade.GOOD if fine else Grade.BAD,
        "open files",
        f"{limit} allowed, {wanted} needed",
        "" if fine else f"ulimit -n {wanted}",
    )


def _clock(_config: Config) -> Iterator[Finding]:
    wall, steady = time.time(), time.monotonic()
    time.sleep(0.2)
    moved = abs((time.time() - wall) - (time.monotonic() - steady))
    fine = moved < CLOCK_STEP_SECONDS
    advice = "" if fine else "the wall clock is being stepped: run a time service that slews"
    yield Finding(Grade.GOOD if fine else Grade.WARN, "wall clock", f"moved {moved * 1000:.1f} ms against the steady one", advice)


def _watched(config: Config) -> Iterator[Finding]:
    heartbeat = config.service.heartbeat is not None
    advice = "" if heartbeat else "service.heartbeat: name a service elsewhere that calls somebody when paycanary goes silent"
    yield Finding(Grade.GOOD if heartbeat else Grade.WARN, "somebody hears when we go silent", str(heartbeat), advice)
    controls = [check.id for check in config.checks.values() if check.control]
    advice = "" if controls else "give one check `control: true`, on something that is never the gateway's fault"
    yield Finding(Grade.GOOD if controls else Grade.WARN, "control checks", ", ".join(controls) or "none", advice)
    told = bool(config.desks)
    yield Finding(
        Grade.GOOD if told else Grade.WARN,
        "ticket desks",
        ", ".join(config.desks) or "none",
        "" if told else "desks: nobody is told",
    )


def _insecure(config: Config) -> Iterator[Finding]:
    for target in config.targets.values():
        if not target.tls.verify:
            yield Finding(
                Grade.WARN, f"target {target.id}", "certificates are not verified", "name its CA with tls.ca_file instead"
            )
        if target.base_url.startswith("http://") and target.signer != "none":
            yield Finding(Grade.WARN, f"target {target.id}", "credentials travel without TLS", "use https")


LOOKS: tuple[Callable[[Config], Iterator[Finding]], ...] = (_versions, _disk, _files, _clock, _watched, _insecure)
