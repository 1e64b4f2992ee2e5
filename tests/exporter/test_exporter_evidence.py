"""What the exporter tells about the evidence behind each rule."""

from exporter_world import check

from monitor.exporter import Exporter


async def lines(exporter, name):
    text = (await exporter.render())[0].decode()
    return [line for line in text.splitlines() if line.startswith(name)]


async def test_a_rule_shows_its_evidence_and_the_score_at_which_it_alarms():
    exporter = Exporter([check()], "fra")
    exporter.evidence(check(), {"failing": (3.21456, 17.25)}, learned_at=1_790_000_000.0, failure_ratio=0.0021)
    (score,) = await lines(exporter, "paycanary_evidence_score{")
    (threshold,) = await lines(exporter, "paycanary_evidence_threshold{")
    assert score.endswith(" 3.215") and 'rule="failing"' in score and 'location="fra"' in score
    assert threshold.endswith(" 17.25")
    assert [line.split()[-1] for line in await lines(exporter, "paycanary_baseline_failure_ratio{")] == ["0.0021"]


async def test_in_the_cold_start_nothing_was_learned_at_any_time():
    exporter = Exporter([check()], "fra")
    exporter.evidence(check(), {"failing": (0.0, 17.25)}, failure_ratio=0.005)
    assert [] == await lines(exporter, "paycanary_baseline_learned")
    assert 1 == len(await lines(exporter, "paycanary_baseline_failure_ratio{"))


async def test_a_rule_or_check_that_is_gone_takes_its_series_along():
    exporter = Exporter([check()], "fra")
    exporter.evidence(check(), {"failing": (1.0, 17.25), "strata": (1.0, 19.0)})
    exporter.evidence(check(), {"failing": (1.0, 17.25)})
    assert 1 == len(await lines(exporter, "paycanary_evidence_score{"))
    exporter.configure([])
    assert [] == await lines(exporter, "paycanary_evidence_score{")


async def test_evidence_is_within_the_budget_of_series():
    exporter = Exporter([check()], "fra", budget=0)
    exporter.evidence(check(), {"failing": (1.0, 17.25)})
    assert [] == await lines(exporter, "paycanary_evidence_score{")
