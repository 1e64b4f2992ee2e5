"""Incidents to try templates on, before a real one has to be told: every kind, every stage, every list full and empty."""

from dataclasses import replace

from monitor.model.alert import Alert, AlertState, Severity
from monitor.model.extent import Between, Extent, Nearby, Part, Regulator, Run, Similar
from monitor.model.incident import Incident, Status
from monitor.model.sample import Series
from monitor.model.text import Text
from monitor.model.triage import Diagnosis, Finding, Layer, Mark

#: 2026-11-22 12:00:00 UTC.
NOON = 1_795_348_800.0


def _alert(rule: str, title: Text, summary: Text, *, stratum: str = "", **evidence: str) -> Alert:
    check = "card-payment"
    return Alert(
        id=f"{rule}|{check}|{stratum}|fra|",
        rule=rule,
        series=Series(check, "northgate", stratum, "fra"),
        severity=Severity.P1,
        state=AlertState.FIRING,
        since=NOON + 3,
        changed=NOON + 31,
        group="target=northgate",
        summary=summary,
        evidence=evidence,
        run_id="card-payment/fra/59844960",
        title=title,
        between=(NOON + 1, NOON + 5),
    )


_FAILING = _alert(
    "failing",
    Text("Gateway failing", "网关交易失败"),
    Text("card-payment: 4 of the last 4 runs failed", "card-payment：最近 4 次执行全部失败"),
    stratum="brand=visa",
    kind="consecutive",
    outcome="tech_acquirer",
    outcomes="tech_acquirer 11, timeout_unknown 1",
    steps="authorise 12",
    strata="brand=visa 12",
    places="fra, sin",
    first_bad="2026-11-22T12:00:03Z",
    last_good="2026-11-22T11:59:48Z",
    message="ACQUIRER_SYSTEM_ERROR 96",
)
_SLOW = _alert(
    "slow",
    Text("Responses slow", "响应变慢"),
    Text("history-search: median 2.41 s, usually 0.38 s", "history-search：中位数 2.41 秒，平常为 0.38 秒"),
    kind="sequential",
    slowdown="x6.3",
    steps="search 9",
)
_BLIND = _alert(
    "monitor-blind",
    Text("The monitor is blind", "监控失明"),
    Text("3 of 3 control checks fail together with the targets", "3 项对照检查全部失败，各目标同时失败"),
    kind="monitor-blind",
)


def _incident(alert: Alert, title: Text) -> Incident:
    return Incident(
        id="inc_01kpx8h9qs3vt5m2d",
        group=alert.group,
        target=alert.series.target,
        status=Status.OPEN,
        severity=alert.severity,
        title=title,
        opened=alert.changed,
        since=alert.since,
        changed=alert.changed,
        alerts={alert.id: alert},
        checks=(alert.series.check,),
        check_count=1,
        between=alert.between,
        lead=alert,
    )


def _found(step: str, question: Text, mark: Mark, said: Text, seconds: float, source: str = "fra") -> Finding:
    return Finding(step, question, mark, said, NOON + seconds, source)


_DIAGNOSIS = Diagnosis(
    layer=Layer.ACQUIRER,
    confidence=0.93,
    at=NOON + 37,
    took_seconds=5.84,
    runbook="failing",
    summary=Text(
        "The gateway answers its front door (200 in 41 ms) and takes Mastercard payments (0 of 12 fail), but 12 of 12 Visa payments end "
        "with ACQUIRER_SYSTEM_ERROR 96 at authorise, from both locations: the acquirer behind Visa fails.",
        "网关前门正常（41 毫秒返回 200），万事达卡交易正常（12 笔中失败 0 笔），但两个观测地点的 12 笔 Visa 交易在 authorise 步骤全部返回 "
        "ACQUIRER_SYSTEM_ERROR 96：Visa 交易所走的收单行出现故障。",
    ),
    where="brand=visa",
    findings=(
        _found(
            "us",
            Text("Is it us?", "是我方问题吗？"),
            Mark.PASSED,
            Text("The reference target answers in 38 ms; clock offset 4 ms.", "参照目标 38 毫秒应答，时钟偏差 4 毫秒。"),
            32,
        ),
        _found(
            "dns",
            Text("Does the name resolve?", "域名解析正常吗？"),
            Mark.PASSED,
            Text("Two addresses in 3.1 ms, the same as before.", "3.1 毫秒解析出两个地址，与之前一致。"),
            32,
        ),
        _found(
            "tls",
            Text("Does TLS come about?", "TLS 握手正常吗？"),
            Mark.PASSED,
            Text("TLS 1.3 in 22 ms; certificate valid for 61 days.", "TLS 1.3 握手 22 毫秒，证书剩余有效期 61 天。"),
            33,
        ),
        _found(
            "front-door",
            Text("Does the front door answer?", "网关前门有应答吗？"),
            Mark.PASSED,
            Text("200 in 41 ms.", "41 毫秒返回 200。"),
            33,
        ),
        _found(
            "acquirer",
            Text("Is it one acquirer, scheme or issuer?", "是某个收单行、卡组织或发卡行的问题吗？"),
            Mark.FAILED,
            Text(
                "Visa 12 of 12 fail on two cards; Mastercard 0 of 12.",
                "两张 Visa 卡 12 笔全部失败；万事达卡 12 笔中失败 0 笔。",
            ),
            36,
            "fra, sin",
        ),
        _found(
            "state",
            Text("Is any payment left without a known state?", "有状态未知的交易吗？"),
            Mark.UNSURE,
            Text("One time-out at authorise; its order is not found yet.", "authorise 有 1 笔超时，订单尚未查到。"),
            37,
        ),
        _found(
            "second-credential",
            Text("Does a second credential work?", "换用另一凭据是否正常？"),
            Mark.SKIPPED,
            Text("No second credential is configured.", "未配置第二凭据。"),
            37,
        ),
    ),
    against=(
        Text(
            "One of 12 failures is a time-out and not an answer of the acquirer.",
            "12 次失败中有 1 次是超时，并非收单行的应答。",
        ),
    ),
    next_step=Text(
        "Send the ids below to the gateway's support, ask for the state of the acquirer's Visa route, and route Visa elsewhere if you can.",
        "将下列关联 ID 提交网关技术支持，询问该收单行 Visa 通道的状态；如有备用通道，将 Visa 交易切走。",
    ),
    owner="acquirer",
    do_not=(
        Text(
            "Do not send a payment again under a new id while its state is unknown.",
            "在交易状态未知时，切勿用新的订单号重发。",
        ),
    ),
    correlations=("7f3c19d2a0", "7f3c19d2b4"),
    likely=((Layer.SCHEME, 0.06), (Layer.GATEWAY, 0.01)),
    cause="acquirer_down",
    code="96",
)

_EXTENT = Extent(
    at=NOON + 38,
    parts=(
        Part("operation", "authorise", 24, 12),
        Part("operation", "refund", 4, 0),
        Part("stratum", "brand=visa", 12, 12),
        Part("stratum", "brand=mastercard", 12, 0),
        Part("location", "fra", 12, 6),
        Part("location", "sin", 12, 6),
    ),
    first_bad=Run("card-payment/fra/59844960", NOON + 3),
    last_good=Run("card-payment/sin/59844959", NOON - 12),
    failed_share=Between(0.31, 0.5, 0.69),
    customers=Between(96, 142, 188),
    budget_burned=0.043,
    penalty=Text("EUR 18,400 if it is not over by 14:37 UTC", "若 14:37 UTC 前未恢复，赔付金额为 EUR 18,400"),
    regulators=(
        Regulator(
            "mas",
            Text("notify MAS within one hour of discovery (Notice 644)", "发现后一小时内通知 MAS（Notice 644）"),
            NOON + 3_631,
            reached=True,
        ),
        Regulator(
            "dora",
            Text("initial report within four hours of classification (DORA)", "分级后四小时内提交初始报告（DORA）"),
            None,
            reached=False,
        ),
    ),
    similar=(
        Similar(
            "inc_01kmb2yk8wq7c1r0p",
            NOON - 50 * 86_400,
            2_460.0,
            Text("the acquirer had failed over", "收单行完成主备切换后恢复"),
        ),
    ),
    nearby=(
        Nearby(NOON - 118, Text("the gateway's version header changed from 41.2 to 41.3", "网关版本响应头由 41.2 变为 41.3")),
    ),
    correlations=("7f3c19d29c", "7f3c19d2a0"),
)

_SLOW_DIAGNOSIS = Diagnosis(
    layer=Layer.GATEWAY,
    confidence=0.81,
    at=NOON + 39,
    took_seconds=7.2,
    runbook="slow",
    summary=Text(
        "Only searches are slow (2.41 s against 0.38 s usually) and all of it is waiting for the first byte; look-ups by id take 44 ms: the "
        "gateway's search index or the database behind it.",
        "只有交易搜索变慢（2.41 秒，平常 0.38 秒），且全部耗在等待首字节；按 ID 查询仅需 44 毫秒：问题在网关的搜索索引或其后的数据库。",
    ),
    where="search",
    findings=(
        _found(
            "phases",
            Text("Which phase grew?", "哪个阶段变慢？"),
            Mark.FAILED,
            Text(
                "Waiting 2.31 s (0.29 s before); resolve, connect and TLS as before.",
                "等待首字节 2.31 秒（之前 0.29 秒）；解析、连接与 TLS 均无变化。",
            ),
            37,
        ),
    ),
    next_step=Text(
        "Ask the gateway's support about the search index; use narrow time windows and look-ups by id meanwhile.",
        "联系网关技术支持确认搜索索引状态；在此期间缩小查询时间窗口，或改用按 ID 查询。",
    ),
    owner="gateway",
)

_UNDECIDED = Diagnosis(
    layer=Layer.UNKNOWN,
    confidence=0.0,
    at=NOON + 41,
    took_seconds=9.9,
    runbook="failing",
    summary=Text(
        "4 of 4 runs failed and everything tried since works: the evidence does not decide where it was.",
        "4 次执行全部失败，但此后的各项排查均正常：现有证据不足以定位。",
    ),
    next_step=Text("Wait for the next run; look again when it fails.", "等待下一次执行，如再次失败请重新排查。"),
    likely=((Layer.NETWORK, 0.4), (Layer.GATEWAY, 0.35)),
)

_VISA = Text("northgate: Gateway failing (brand=visa)", "northgate：网关交易失败（brand=visa）")
_OPENED = _incident(_FAILING, _VISA)
_TRIAGED = replace(
    _OPENED,
    told_at=NOON + 31,
    status=Status.ACKNOWLEDGED,
    acknowledged=NOON + 95,
    acknowledged_by="li.wei",
    assignee="li.wei",
    diagnosis=_DIAGNOSIS,
    extent=_EXTENT,
    problem="prb_northgate-visa",
)

#: By name: the six that the wording is held against.
SAMPLES: dict[str, Incident] = {
    "opened": _OPENED,
    "triaged": _TRIAGED,
    "resolved": replace(_TRIAGED, status=Status.RESOLVED, resolved=NOON + 2_463, alerts={}, told_at=NOON + 95, episode=2),
    "slow": replace(
        _incident(_SLOW, Text("northgate: Responses slow", "northgate：响应变慢")),
        severity=Severity.P3,
        diagnosis=_SLOW_DIAGNOSIS,
    ),
    "undecided": replace(_OPENED, diagnosis=_UNDECIDED, severity=Severity.P2, between=None),
    "blind": replace(
        _incident(_BLIND, Text("northgate: The monitor is blind", "northgate：监控失明")),
        target="monitor",
        check_count=23,
        parent="inc_01kpx8h9qs0000000",
    ),
}
#: What happened meanwhile, for the templates that tell it.
NEWS = (Text("Acknowledged by li.wei.", "li.wei 已确认。"),)
