"""One cause or several: what targets share, and when their troubles began."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.incidents.common_cause import EDGE_MARKS, TOGETHER_SECONDS, common_cause, ground_of, network_of
from monitor.incidents.parents import Ground
from monitor.model.alert import Severity
from monitor.model.incident import Incident, Status
from monitor.model.text import Text
from monitor.model.triage import Diagnosis, Layer

NOW = 10_000.0


def incident(target: str, since: float = NOW - 60, **more: Any) -> Incident:
    made = Incident(
        id=f"inc_{target}_{since:g}",
        group=f"target={target}",
        target=target,
        status=Status.OPEN,
        severity=Severity.P1,
        title=Text("failing"),
        opened=since + 30,
        since=since,
        changed=since + 30,
    )
    return replace(made, **more)


def behind(cause: str, *targets: str) -> Ground:
    return dict.fromkeys(targets, frozenset({cause}))


def verdict(layer: Layer, confidence: float = 0.97) -> Diagnosis:
    return Diagnosis(layer, confidence, NOW, 2.0, "failing", Text("found"))


def test_what_a_target_stands_on_is_declared_shown_and_read_from_its_addresses() -> None:
    ground = ground_of(["hk-1"], ["content-type", "cf-ray"], ["104.16.1.2", "104.16.1.9", "2606:4700:10::1", "10.0.0.7"])
    assert {"declared=hk-1", "edge=cloudflare", "network=104.16.1.0/24", "network=2606:4700:10::/48"} == ground


def test_an_edge_that_one_declares_is_the_edge_that_another_shows() -> None:
    assert ground_of(["Cloudflare"]) & ground_of([], ["cf-ray"]) == {"edge=cloudflare"}


@pytest.mark.parametrize("address", ["", "127.0.0.1", "192.168.1.4", "192.0.2.1", "fd00::1", "not an address", "100.64.0.1"])
def test_an_address_of_ones_own_network_says_nothing_about_the_gateway(address: str) -> None:
    assert network_of(address) == ""


def test_header_names_are_held_in_lower_case_as_answers_give_them() -> None:
    assert all(name == name.lower() for name in EDGE_MARKS)


def test_three_gateways_behind_one_edge_that_fail_within_two_minutes_have_one_cause() -> None:
    found = common_cause(
        [incident("a", NOW - 110), incident("b", NOW - 60), incident("c", NOW)], behind("edge=cloudflare", "a", "b", "c"), NOW
    )
    assert found is not None
    assert ("edge=cloudflare", ("inc_a_9890", "inc_b_9940", "inc_c_10000")) == (found.cause, found.children)
    assert "3 targets fail together: they share cloudflare" == found.title.en
    assert "a, b, c began to fail within 110 s of each other; all of them stand behind cloudflare." == found.said.en
    assert "a、b、c 在 110 秒内相继故障；均经由 cloudflare 接入。" == found.said.zh


def test_two_are_enough_where_what_they_share_has_a_name_and_three_where_it_is_a_neighbourhood() -> None:
    two = [incident("a"), incident("b")]
    assert common_cause(two, behind("declared=hk-1", "a", "b"), NOW) is not None
    assert common_cause(two, behind("edge=fastly", "a", "b"), NOW) is not None
    network = behind("network=203.0.113.0/24", "a", "b", "c")
    assert common_cause(two, network, NOW) is None
    assert common_cause([*two, incident("c")], network, NOW) is not None


def test_two_incidents_of_one_target_are_not_two_targets() -> None:
    twice = [incident("a"), incident("a", NOW - 30, id="inc_again")]
    assert common_cause(twice, behind("edge=fastly", "a", "b"), NOW) is None


def test_unrelated_failures_an_hour_apart_have_no_common_cause() -> None:
    assert common_cause([incident("a", NOW - 3_600), incident("b", NOW)], behind("edge=fastly", "a", "b"), NOW) is None


def test_targets_that_share_nothing_have_no_common_cause() -> None:
    ground = {"a": frozenset({"edge=fastly"}), "b": frozenset({"edge=akamai"})}
    assert common_cause([incident("a"), incident("b")], ground, NOW) is None


def test_a_second_over_two_minutes_is_not_together() -> None:
    ground = behind("edge=fastly", "a", "b")
    assert common_cause([incident("a", NOW - TOGETHER_SECONDS), incident("b", NOW)], ground, NOW) is not None
    assert common_cause([incident("a", NOW - TOGETHER_SECONDS - 1), incident("b", NOW)], ground, NOW) is None


def test_of_many_the_fullest_two_minutes_count() -> None:
    names = ("a", "b", "c", "d")
    found = common_cause(
        [incident(name, NOW - 300 + offset) for name, offset in zip(names, (0, 200, 260, 290), strict=True)],
        behind("edge=fastly", *names),
        NOW,
    )
    assert found is not None
    assert 3 == len(found.children)


@pytest.mark.parametrize(
    "other",
    [
        incident("b", group="target=b,rule=expiry"),
        incident("b", status=Status.RESOLVED),
        incident("b", diagnosis=verdict(Layer.ISSUER)),
        incident("b", diagnosis=verdict(Layer.AUTHENTICATION)),
        incident("b", opened=NOW - 3_601),
    ],
    ids=["another group", "over already", "an issuer's", "our credential's", "long told"],
)
def test_what_has_a_cause_of_its_own_is_left_out(other: Incident) -> None:
    assert common_cause([incident("a"), other], behind("edge=fastly", "a", "b"), NOW) is None


def test_a_verdict_that_is_unsure_or_fits_takes_nothing_out() -> None:
    for made in (verdict(Layer.ISSUER, 0.6), verdict(Layer.EDGE), verdict(Layer.DNS), verdict(Layer.GATEWAY)):
        assert common_cause([incident("a"), incident("b", diagnosis=made)], behind("edge=fastly", "a", "b"), NOW) is not None


def test_a_declared_acquirer_can_be_the_cause_of_its_own_layer() -> None:
    parts = [incident(name, diagnosis=verdict(Layer.ACQUIRER)) for name in ("a", "b")]
    assert common_cause(parts, behind("declared=acquirer-x", "a", "b"), NOW) is not None


def test_the_cause_of_most_is_told_and_of_equals_the_most_definite() -> None:
    all_three = frozenset({"edge=fastly", "declared=hk-1", "network=203.0.113.0/24"})
    parts = [incident("a"), incident("b"), incident("c")]
    found = common_cause(parts, dict.fromkeys("abc", all_three), NOW)
    assert found is not None and "declared=hk-1" == found.cause
    found = common_cause(parts, {"a": all_three, "b": all_three, "c": frozenset({"edge=fastly"})}, NOW)
    assert found is not None and "edge=fastly" == found.cause


def test_very_many_are_named_by_five_and_counted() -> None:
    names = [f"gateway-{number}" for number in range(9)]
    found = common_cause([incident(name) for name in names], behind("edge=fastly", *names), NOW)
    assert found is not None
    assert "gateway-4 and 4 more" in found.said.en
    assert "gateway-4 等 9 个目标" in found.said.zh


_SOME = st.lists(
    st.tuples(st.sampled_from("abcdef"), st.integers(0, 600), st.sampled_from([Status.OPEN, Status.RESOLVED])), max_size=8
)


@given(_SOME, st.dictionaries(st.sampled_from("abcdef"), st.frozensets(st.sampled_from(["edge=x", "network=y", "declared=z"]))))
def test_whatever_is_found_began_together_and_shares_it(made: list[tuple[str, int, Status]], ground: Ground) -> None:
    incidents = [incident(target, NOW - ago, status=status, id=f"inc_{n}") for n, (target, ago, status) in enumerate(made)]
    found = common_cause(incidents, ground, NOW)
    if found is None:
        return
    parts = [one for one in incidents if one.id in found.children]
    assert len({one.target for one in parts}) >= (3 if found.cause.startswith("network") else 2)
    assert all(found.cause in ground[one.target] and one.status is Status.OPEN for one in parts)
    assert max(one.since for one in parts) - min(one.since for one in parts) <= TOGETHER_SECONDS
