"""What people read: whole verdicts, word for word."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_triage_cases import SCENES
from triage_scenes import (
    APPROVED_ANYWAY,
    DECLINED,
    DOOR,
    E401,
    E503,
    EXPIRED,
    JOINED,
    NAMED,
    NO_ANSWER,
    REACHED,
    SEES,
    SILENT_TCP,
    X,
    case,
    everywhere,
    formerly,
    in_one_place,
    on_one_part,
    runs,
    slower,
    tried,
)

from monitor.model.text import Text
from monitor.model.triage import Case, Finding, Layer, Mark, Symptom
from monitor.triage import judge
from monitor.triage.judge import strength
from monitor.triage.sign import Sign
from monitor.triage.weights import CAUSES, Cause

PAGE = Path(__file__).parents[2] / "docs" / "triage.md"


def finding(found: Case, step: str) -> Finding:
    return next(each for each in judge(found).findings if each.step == step)


@pytest.mark.parametrize(
    ("found", "en", "zh"),
    [
        (
            case((*REACHED, *everywhere(24, 12, **E503))),
            ("The front door answers (HTTP 200 in 41 ms), but 12 of 24 runs fail at authorise (503 SERVER_FAILED), from both locations "
            "and on both strata: the gateway's own processing fails."),
            ("免认证接口有应答（HTTP 200，耗时 41 毫秒），但 24 次运行中有 12 次失败（authorise 步骤，503 SERVER_FAILED），"
            "2 个探测点、2 个分层均受影响：网关自身的交易处理失败。"),
        ),
        (
            case((*SEES, *NAMED, JOINED[0], tried(X.HANDSHAKE, "203.0.113.7", False, **EXPIRED))),
            "TLS to 203.0.113.7 fails (certificate refused: certificate has expired): its certificate has expired.",
            "TLS 握手 203.0.113.7 失败（证书校验未通过：certificate has expired）：其证书已过期。",
        ),
        (
            case((*REACHED, *in_one_place(**SILENT_TCP))),
            "Location sin fails in 8 of 8 runs (no answer to TCP): the way there from sin is at fault, not the gateway.",
            "探测点 sin 8 次运行中有 8 次失败（TCP 连接超时）：故障在 sin 到网关的网络路径，而非网关。",
        ),
        (
            case((*REACHED, *on_one_part("brand=visa", "brand=mastercard", **NO_ANSWER))),
            ("The front door answers (HTTP 200 in 41 ms), but 8 of 16 runs fail at authorise (no answer in time), on brand=visa alone: "
            "the scheme behind brand=visa does not get through to its issuers, and the gateway works."),
            ("免认证接口有应答（HTTP 200，耗时 41 毫秒），但 16 次运行中有 8 次失败（authorise 步骤，等待应答超时），仅限 brand=visa："
            "brand=visa 对应的卡组织无法连通发卡行，网关正常。"),
        ),
        (
            case((*REACHED, runs(X.STEP, "must-decline", 3, 3, **APPROVED_ANYWAY))),
            ("The front door answers (HTTP 200 in 41 ms), but all 3 runs fail at must-decline (approved, where soft_decline was expected): "
            "the gateway says yes to what it must not, or books another amount."),
            ("免认证接口有应答（HTTP 200，耗时 41 毫秒），但 3 次运行全部失败（must-decline 步骤，approved, where soft_decline was expected）："
            "网关批准了不应批准的交易，或入账金额不符。"),
        ),
        (
            case((*REACHED, slower("search", wait=2.4)), (formerly("search", wait=0.12),), Symptom.SLOW),
            "Step search takes 2.40 s instead of 120 ms (wait +2.28 s): the gateway takes longer before it answers anything.",
            "步骤 search 耗时由 120 毫秒变为 2.40 秒（等待 +2.28 秒）：网关处理所有请求的时间都变长。",
        ),
        (
            case((*REACHED, runs(X.STEP, "authorise", 60, 2, after=4, **DECLINED))),
            "2 of 60 runs fail at authorise (201 DECLINED), likeliest is the card scheme with 15 %: the evidence does not decide.",
            "60 次运行中有 2 次失败（authorise 步骤，201 DECLINED），可能性最大的是卡组织（15 %）：现有证据不足以定位。",
        ),
    ],
)  # fmt: skip
def test_the_summary_is_a_sentence_with_its_figures(found: Case, en: str, zh: str) -> None:
    assert Text(en, zh) == judge(found).summary


def test_a_part_that_is_spared_is_named_rather_than_all_that_are_hit() -> None:
    failing = (runs(X.STRATUM, f"brand={brand}", 10, 6, **E503, step="pay") for brand in ("mastercard", "unionpay", "visa"))
    found = judge(case((*REACHED, runs(X.STEP, "pay", 40, 18, **E503), *failing, runs(X.STRATUM, "answer=DECLINED", 10))))
    assert "on all strata but answer=DECLINED" in found.summary.en
    assert "除 answer=DECLINED 外的分层均受影响" in found.summary.zh
    assert (Layer.GATEWAY, "") == (found.layer, found.where)


def test_what_passes_speaks_against_what_is_accused() -> None:
    verdict = judge(case((*REACHED, *everywhere(24, 12, **E503))))

    assert [
        "Its front door works: front door information: HTTP 200 in 41 ms.",
        "12 of 24 runs passed (50 %).",
    ] == [each.en for each in verdict.against]


def test_a_spared_place_shakes_a_verdict_on_the_gateway() -> None:
    alike, apart = judge(case((*REACHED, *everywhere(16, 16, **E503)))), judge(case((*REACHED, *in_one_place(**E503))))

    assert any(each.en.startswith("Other places do not see it: location fra: all 8 runs passed") for each in apart.against)
    assert apart.confidence < alike.confidence


def test_without_a_second_credential_it_is_said_that_none_was_tried() -> None:
    verdict = judge(case((*REACHED, *everywhere(24, 24, **E401))))

    assert "No second credential was tried: it may be the gateway's authentication." in [each.en for each in verdict.against]
    assert (Layer.GATEWAY, Layer.CONFIGURATION) == tuple(layer for layer, _ in verdict.likely)


def test_payments_without_an_answer_are_told_to_be_queried_and_not_sent_again() -> None:
    found = case((*REACHED, *everywhere(24, 24, **NO_ANSWER)))

    assert (
        "24 requests had no answer: query each of those that move money, then reverse it."
        == finding(found, "state_safety").said.en
    )
    assert any("切勿用新的订单号重发" in each.zh for each in judge(found).do_not)


def test_wrong_money_is_not_to_be_tried_again() -> None:
    verdict = judge(case((*REACHED, runs(X.STEP, "must-decline", 3, 3, **APPROVED_ANYWAY))))

    assert ("Do not retry and do not capture: every further attempt may move wrong money.",) == tuple(
        each.en for each in verdict.do_not
    )


def test_a_step_that_was_not_tried_says_why() -> None:
    said = "not asked: the gateway wants to be left alone for a while"
    tcp = finding(case((*SEES, tried(X.CONNECT, "203.0.113.7", None, message=said), *NAMED)), "tcp")

    assert Mark.SKIPPED is tcp.mark
    assert Text(f"Not tried: {said}.", "未检测：网关要求暂停请求，未发送。") == tcp.said


def test_what_http_passed_on_its_way_has_passed() -> None:
    tcp = finding(case((*SEES, *NAMED, *DOOR)), "tcp")

    assert (Mark.PASSED, "Not tried by itself; passed on the way, since HTTP 200 came back.") == (tcp.mark, tcp.said.en)


def test_steps_before_the_verdict_pass_and_its_own_fails() -> None:
    marks = {each.step: each.mark for each in judge(case((*REACHED, *everywhere(24, 12, **E503)))).findings}

    assert {Mark.PASSED} == {marks[step] for step in ("us", "dns", "tcp", "tls", "front_door", "configuration")}
    assert Mark.FAILED is marks["gateway"]


def test_the_gateways_own_ids_are_kept_for_its_support() -> None:
    failing = [runs(X.STEP, f"step{number}", 3, 3, **E503 | {"correlation": f"supp-{number:02}"}) for number in range(14)]

    assert tuple(f"supp-{number:02}" for number in range(4, 14)) == judge(case((*REACHED, *failing))).correlations


def test_the_example_in_the_documentation_is_what_is_said() -> None:
    said = judge(case((*REACHED, *everywhere(24, 12, **E503)))).summary
    page = " ".join(re.sub(r"^> ?", "", line) for line in PAGE.read_text(encoding="utf-8").splitlines())

    assert said.en in page
    assert said.zh in page


@pytest.mark.parametrize("param", SCENES)
def test_a_verdict_names_who_acts_and_what_first(param: object) -> None:
    verdict = judge(param.case)  # type: ignore[attr-defined]

    assert verdict.owner
    assert verdict.next_step.en.endswith(".") and verdict.next_step.zh.endswith("。")


@given(st.sampled_from(sorted(CAUSES)), st.integers(1, 40), st.integers(1, 40), st.integers(0, 4), st.booleans())
def test_more_failures_of_a_kind_never_make_it_less_sure(cause: Cause, few: int, more: int, confirmed: int, now: bool) -> None:
    def sign(amount: int) -> Sign:
        return Sign(cause, (), amount=amount, confirmed=confirmed, now=now)

    assert strength(sign(few)) <= strength(sign(few + more))


def test_an_undecided_verdict_advises_the_first_step_that_did_not_pass() -> None:
    verdict = judge(case((*REACHED, runs(X.STEP, "authorise", 4, 1, **E401))))

    assert Layer.UNKNOWN is verdict.layer
    assert ("client", "Check expiry, rotation and clock.") == (verdict.owner, verdict.next_step.en)


def test_open_money_is_warned_of_whatever_the_verdict() -> None:
    found = case((*REACHED, *on_one_part("brand=visa", "brand=mastercard", **NO_ANSWER)))

    assert any("切勿用新的订单号重发" in each.zh for each in judge(found).do_not)


def test_a_step_that_only_a_person_can_take_says_what_to_do() -> None:
    shape = finding(case((*REACHED,), symptom=Symptom.SLOW), "shape")

    assert Mark.SKIPPED is shape.mark
    assert shape.said.en.startswith("By hand: Ask for 1, 10 and 100 entries")
