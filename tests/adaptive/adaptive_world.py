"""Checks to suspect: written the way operators write them, and read by the real loader."""

from pathlib import Path
from typing import Any

from monitor.config import load
from monitor.model.check import Check

ROOT = Path(__file__).parents[2]
HOUR = 3_600.0

_SERVICE = """
service: {install: test, location: here, data: data}
include: {checks: ["checks/*.yaml"]}
targets:
  mastercard: {title: {en: M, zh: M}, base_url: "https://127.0.0.1:1", dialect: mastercard}
  stripe: {title: {en: S, zh: S}, base_url: "https://127.0.0.1:1", dialect: stripe}
"""


def shipped(folder: Path) -> dict[str, Check]:
    """The checks of this repository."""
    (folder / "paycanary.yaml").write_text(_SERVICE, encoding="utf-8")
    (folder / "checks").symlink_to(ROOT / "checks")
    return dict(load(folder / "paycanary.yaml").checks)


def written(folder: Path, text: str, **options: Any) -> Check:
    """The one check ``text`` describes, its target live when ``live=True`` is said."""
    live = options.get("live", False)
    caps = ', live: true, caps: {per_step: "1.00 USD", per_day: "20.00 USD"}' if live else ""
    (folder / "paycanary.yaml").write_text(
        _SERVICE.replace("dialect: stripe}", f"dialect: stripe{caps}}}").replace("checks/*", "one/*"), encoding="utf-8"
    )
    (folder / "one").mkdir(exist_ok=True)
    (folder / "one" / "check.yaml").write_text(text, encoding="utf-8")
    (found,) = load(folder / "paycanary.yaml", allow_live=live).checks.values()
    return found
