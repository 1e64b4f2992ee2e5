"""What a target depends on, and severities by impact: as written."""

from pathlib import Path

from config_helpers import write

from monitor.config import load
from monitor.model.alert import Severity

TARGETS = """targets:
  gateway: {base_url: https://gateway.example}
  acquirer: {base_url: https://acquirer.example}
  wallet: {base_url: https://wallet.example, depends_on: [gateway, acquirer]}
  shop: {base_url: https://shop.example, depends_on: wallet}
"""
RULES = """rules:
  felt: {title: Felt, severity: impact, consecutive: }
  fixed: {title: Fixed, severity: p2, consecutive: }
"""


def test_a_target_names_what_it_depends_on_one_or_many(tmp_path: Path) -> None:
    targets = load(write(tmp_path, {"paycanary.yaml": TARGETS})).targets

    assert {name: target.depends_on for name, target in targets.items()} == {
        "gateway": (),
        "acquirer": (),
        "wallet": ("gateway", "acquirer"),
        "shop": ("wallet",),
    }


def test_a_severity_is_a_level_or_left_to_the_impact(tmp_path: Path) -> None:
    felt, fixed = load(write(tmp_path, {"paycanary.yaml": TARGETS, "alert_rules/a.yaml": RULES})).rules

    assert (felt.by_impact, felt.written_severity) == (True, "impact")
    assert (fixed.by_impact, fixed.written_severity, fixed.severity) == (False, "p2", Severity.P2)
