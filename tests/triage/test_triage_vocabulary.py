"""Whatever can be observed has its words."""

import pytest
from triage_scenes import E503, EXPIRED, NO_NAME, PAGE, SILENT_TCP, WRONG_AMOUNT, X, runs, tls, tried

from monitor.model.outcome import NetworkReason, Outcome
from monitor.model.text import Text
from monitor.model.triage import Experiment, Layer, Observation
from monitor.triage.kinds import Kind, kind_of, kind_of_word
from monitor.triage.say import code_of, percent, shown
from monitor.triage.vocabulary import EXPERIMENTS, KINDS, LAYERS, OUTCOMES, REASONS


def test_there_are_words_for_everything_in_the_closed_sets() -> None:
    assert set(REASONS) == set(NetworkReason) - {NetworkReason.NONE}
    assert set(OUTCOMES) == set(Outcome)
    assert set(KINDS) == set(Kind)
    assert set(LAYERS) == set(Layer)
    assert set(EXPERIMENTS) == set(Experiment)


@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_is_of_a_kind(outcome: Outcome) -> None:
    assert kind_of(tried(X.STEP, "authorise", False, outcome=outcome)) in Kind
    assert kind_of_word(outcome.value) in Kind


@pytest.mark.parametrize("reason", [reason for reason in NetworkReason if reason not in ("", NetworkReason.BUDGET)])
def test_a_reason_is_of_the_same_kind_told_alone_or_in_a_mix(reason: NetworkReason) -> None:
    one = tried(X.STEP, "authorise", False, outcome=Outcome.NETWORK_ERROR, reason=reason)

    assert kind_of(one) is kind_of_word(f"network_error {reason.value}")


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("tech_gateway 503", Kind.SERVER),
        ("client_config 401", Kind.DENIED),
        ("client_config INVALID_REQUEST", Kind.REQUEST),
        ("tech_issuer processing_error", Kind.ACQUIRER),
        ("tech_issuer TIMED_OUT", Kind.ISSUER),
        ("soft_decline DECLINED", Kind.DECLINE),
        ("a word from another version", Kind.OURS),
    ],
)
def test_an_entry_of_a_mix_is_of_the_kind_its_code_says(word: str, kind: Kind) -> None:
    assert kind is kind_of_word(word)


@pytest.mark.parametrize(
    ("seen", "en", "zh"),
    [
        (tried(X.CONNECT, "203.0.113.7", seconds=0.009), "TCP to 203.0.113.7: connected in 9.0 ms", "TCP 连接 203.0.113.7：连接成功，耗时 9.0 毫秒"),
        (
            tried(X.HANDSHAKE, "203.0.113.7", seconds=0.03, tls=tls(days=9)),
            "TLS to 203.0.113.7: TLSv1.3 in 30 ms, certificate by CN=Public CA valid for 9 d 0 h",
            "TLS 握手 203.0.113.7：TLSv1.3，耗时 30 毫秒，证书由 CN=Public CA 签发，剩余有效期 9 天",
        ),
        (tried(X.RESOLVE, "gateway.test", False, **NO_NAME), "our resolver gateway.test: the name does not resolve, NXDOMAIN", "本地解析器 gateway.test：域名无法解析，NXDOMAIN"),
        (tried(X.CONNECT, "203.0.113.7", False, **SILENT_TCP), "TCP to 203.0.113.7: no answer to TCP after 3.00 s", "TCP 连接 203.0.113.7：TCP 连接超时（耗时 3.00 秒）"),
        (tried(X.FRONT_DOOR, "/", False, **PAGE), "front door /: HTTP 403 with a page instead of JSON", "免认证接口 /：HTTP 403，返回网页而非 JSON"),
        (
            runs(X.STEP, "authorise", 24, 12, **E503),
            "step authorise: 12 of 24 runs failed (HTTP 503 SERVER_FAILED, gateway error)",
            "步骤 authorise：24 次运行中 12 次失败（HTTP 503 SERVER_FAILED，网关错误）",
        ),
        (tried(X.OWN, "loop_lag", seconds=2.5), "longest stall of the event loop: 2.50 s", "事件循环最长阻塞：2.50 秒"),
    ],
)  # fmt: skip
def test_a_measured_value_is_told_with_its_unit(seen: Observation, en: str, zh: str) -> None:
    assert Text(en, zh) == shown(seen)


def test_the_code_of_a_failure_is_the_gateways_word_before_the_status_before_the_reason() -> None:
    assert ["SERVER_FAILED", "403", "tls_certificate", "contract_violation"] == [
        code_of(tried(X.STEP, "authorise", False, **how)) for how in (E503, PAGE, EXPIRED, WRONG_AMOUNT)
    ]


def test_a_share_is_never_rounded_to_none_or_all() -> None:
    assert ["0 %", "0.5 %", "9.9 %", "10 %", "50 %", "99.5 %", "100 %"] == list(
        map(percent, (0.0, 0.005, 0.099, 0.1, 0.5, 0.995, 1.0))
    )
