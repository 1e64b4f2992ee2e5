"""What a kind of trouble means, and what to do about it first: one table, by what the worst alert saw.

The order of the questions is the usual one for "gateway failing to process transactions": is it us, how wide is it, name
resolution, connection, TLS, front door, credentials, configuration, then gateway against acquirer against issuer.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from monitor.model.alert import Alert
from monitor.model.text import Text


@dataclass(frozen=True, slots=True)
class Advice:
    meaning: Text
    next_step: Text


_FAILING = Advice(
    Text("Payments through this target do not do what they should.", "经由该目标的支付未按预期完成。"),
    Text(
        "Compare the failing step with its last good run; ask the gateway's support with the run's correlation id.",
        "将失败步骤与最近一次成功的运行对比，并携带关联 ID 联系网关支持。",
    ),
)

_SEE_PHASES = Text(
    "See which phase grew: resolve, connect, TLS, wait or receive; waiting is the server, receiving is the size.",
    "查看是哪个阶段变慢：解析、连接、TLS、等待或接收；等待变长多为服务端问题，接收变长多为数据量问题。",
)

#: By the alert's ``outcome`` (the commonest among its failures) or, for what is no failure, by its detector's kind.
ADVICE: Mapping[str, Advice] = MappingProxyType(
    {
        "network_error": Advice(
            Text("The gateway cannot be reached: requests get no answer.", "无法连接网关：请求没有得到应答。"),
            Text(
                "Check name resolution, connection and TLS from a second place; compare the gateway's status page.",
                "从另一地点检查域名解析、连接与 TLS，并查看网关状态页。",
            ),
        ),
        "timeout_unknown": Advice(
            Text(
                "Requests leave and no answer comes: a payment may have been made or not.",
                "请求已发出但未收到应答：交易结果未知，可能已扣款。",
            ),
            Text(
                "Query the affected orders before doing anything again; do not send them again under new ids.",
                "先查询受影响的订单状态；切勿用新的订单号重发。",
            ),
        ),
        "tech_gateway": Advice(
            Text("The gateway answers with errors of its own.", "网关自身返回错误。"),
            Text(
                "Send the correlation ids to the gateway's support; route to another gateway if there is one.",
                "将关联 ID 提交网关支持；如有备用网关，考虑切换路由。",
            ),
        ),
        "tech_acquirer": Advice(
            Text("The gateway works; the acquirer behind it does not.", "网关正常，其后的收单行出现故障。"),
            Text(
                "Compare acquirer routes and merchant ids; call the acquirer, not the gateway.",
                "对比不同的收单路由与商户号；应联系收单行，而不是网关。",
            ),
        ),
        "tech_issuer": Advice(
            Text("Issuers do not answer, or a card scheme does not reach them.", "发卡行无应答，或卡组织无法连接发卡行。"),
            Text(
                "Compare brands and card number ranges; look at the scheme's bulletins. The gateway is not at fault.",
                "对比不同卡组织与卡号段，查看卡组织公告；故障不在网关。",
            ),
        ),
        "throttled": Advice(
            Text("The gateway refuses us because of too many requests.", "网关因请求过多而限流。"),
            Text(
                "Find out whose traffic it is, ours or the shop's on the same credential; respect Retry-After.",
                "确认流量来自监控还是同一凭据下的业务；遵守 Retry-After。",
            ),
        ),
        "client_config": Advice(
            Text("The gateway refuses our request or credential.", "网关拒绝了我们的请求或凭据。"),
            Text(
                "Check credential, key rotation, clock and the gateway's API version; customers may be untouched.",
                "检查凭据、密钥轮换、时钟以及网关 API 版本；客户交易可能不受影响。",
            ),
        ),
        "contract_violation": Advice(
            Text(
                "The gateway answers what it must not: a wrong amount, a card approved that must be declined, or a missing field.",
                "网关的应答违反约定：金额不符、本应拒绝的卡被批准，或缺少字段。",
            ),
            Text(
                "Treat it as wrong money until shown otherwise: read the evidence, tell risk, do not retry.",
                "在查明之前按资金差错处理：查看证据，通知风控，切勿重试。",
            ),
        ),
        "quantile": Advice(Text("It works, but more slowly than agreed.", "交易可以完成，但响应慢于约定。"), _SEE_PHASES),
        "latency": Advice(
            Text("It works, but more slowly than usual at this hour.", "交易可以完成，但慢于该时段的平常水平。"), _SEE_PHASES
        ),
        "mix_shift": Advice(
            Text(
                "The gateway answers, and answers otherwise than before: one kind of answer has become commoner.",
                "网关有应答，但应答构成与以往不同：某类应答明显增多。",
            ),
            Text(
                "Compare the decline codes with last week's by brand and issuer; ask the acquirer what was changed.",
                "按卡组织与发卡行对比上周的拒绝码，并向收单行确认有何变更。",
            ),
        ),
        "drift": Advice(
            Text(
                "The gateway shows another certificate, other headers or another shape of its answer. Nothing fails because of it yet.",
                "网关的证书、响应头或应答结构发生变化，目前尚未造成失败。",
            ),
            Text(
                "Ask whether a deployment or a failover was planned; if nobody knows of one, check whom we are talking to.",
                "确认是否有计划内的发布或切换；若无人知情，请核实连接对象是否可信。",
            ),
        ),
        "absence": Advice(
            Text("The check gives no measurements: nothing is known, good or bad.", "该检查没有测量结果：状态未知。"),
            Text(
                "Look at the monitor first: is the check scheduled, does it end, are its own faults counted?",
                "先检查监控本身：检查项是否在调度、能否结束、是否存在自身故障。",
            ),
        ),
        "expiry": Advice(
            Text(
                "A certificate in the chain runs out soon; then nothing connects.",
                "证书链中的证书即将到期，到期后将无法建立连接。",
            ),
            Text(
                "Tell the certificate's owner; check that every region presents the new one after the change.",
                "通知证书负责人；更换后核实各区域均已启用新证书。",
            ),
        ),
        "money-open": Advice(
            Text(
                "A synthetic payment was not shown to be voided or refunded. Its amount is small; that nobody can close it is the news.",
                "一笔合成交易未能确认已撤销或已退款。金额很小，但无法平账本身就是问题。",
            ),
            Text(
                "Look the reference up at the gateway and void or refund it there; the ledger sees it and closes the incident.",
                "在网关后台按参考号查询该笔交易并撤销或退款；账本确认后会自动关闭此事件。",
            ),
        ),
        "money-stopped": Advice(
            Text(
                "Checks that move money are held back by the ledger's own rules. Customers' payments are not touched by it.",
                "资金类检查已按账本规则暂停；客户的真实交易不受影响。",
            ),
            Text(
                "Run paycanary ledger list: it says what is open and why. Money moves again by itself once that is closed.",
                "运行 paycanary ledger list 查看未平交易及原因；全部平账后资金类检查将自动恢复。",
            ),
        ),
        "monitor-blind": Advice(
            Text(
                "The monitor's own way to the network is cut. Results of this time are unknown, nobody's failure.",
                "监控自身的网络出口中断；此期间的结果记为未知，不计入任何一方的故障。",
            ),
            Text(
                "Check our egress, DNS and proxy. Payments are unwatched until then.",
                "检查监控的网络出口、DNS 与代理；恢复之前支付处于无监控状态。",
            ),
        ),
        "location-blind": Advice(
            Text(
                "One of our locations has no network; the others watch on. Its results of this time are unknown.",
                "一个探测点断网，其他探测点仍在监控；该探测点此期间的结果记为未知。",
            ),
            Text("Check that location's egress, DNS and proxy.", "检查该探测点的网络出口、DNS 与代理。"),
        ),
        "location-path": Advice(
            Text(
                "The way from one of our locations to the target is broken; from the others it works.",
                "从一个探测点到该目标的网络路径中断，其他探测点正常。",
            ),
            Text(
                "Compare resolved addresses and routes of that location with another's; customers of that region may feel it too.",
                "与其他探测点对比解析地址与路由；该地区的客户可能同样受影响。",
            ),
        ),
        "monitor-impaired": Advice(
            Text("The monitor fails by its own fault; the gateways may be well.", "监控因自身故障无法测量，网关可能正常。"),
            Text(
                "Run paycanary doctor: file descriptors, memory, disk, load of the event loop.",
                "运行 paycanary doctor：检查文件描述符、内存、磁盘与事件循环负载。",
            ),
        ),
    }
)


def advice(alert: Alert) -> Advice:
    evidence = alert.evidence
    if "slowdown" in evidence:  # found by its latency: a chance failure meanwhile is not what it is about
        return ADVICE["latency"]
    return ADVICE.get(evidence.get("outcome", "")) or ADVICE.get(evidence.get("kind", "")) or _FAILING
