"""Words of closed sets in two languages: layers, marks, owners, and what customers call the parts of a payment service."""

from collections.abc import Mapping
from types import MappingProxyType

from monitor.model.alert import Severity
from monitor.model.incident import Status
from monitor.model.text import Text
from monitor.model.triage import Layer, Mark

STATUS: Mapping[Status, Text] = MappingProxyType(
    {
        Status.OPEN: Text("open", "未处理"),
        Status.ACKNOWLEDGED: Text("acknowledged", "已确认"),
        Status.RESOLVED: Text("resolved", "已恢复"),
    }
)

LAYERS: Mapping[Layer, Text] = MappingProxyType(
    {
        Layer.US: Text("our own side", "我方系统"),
        Layer.NETWORK: Text("the network", "网络"),
        Layer.DNS: Text("name resolution (DNS)", "域名解析（DNS）"),
        Layer.TLS: Text("TLS", "TLS"),
        Layer.EDGE: Text("the edge (CDN, load balancer or firewall)", "边缘层（CDN、负载均衡或防火墙）"),
        Layer.AUTHENTICATION: Text("authentication", "身份认证"),
        Layer.CONFIGURATION: Text("our configuration", "我方配置"),
        Layer.GATEWAY: Text("the gateway", "网关"),
        Layer.ACQUIRER: Text("the acquirer", "收单行"),
        Layer.SCHEME: Text("the card scheme", "卡组织"),
        Layer.ISSUER: Text("the issuer", "发卡行"),
        Layer.NONE: Text("nothing is wrong now", "目前无异常"),
        Layer.UNKNOWN: Text("not decided", "尚无定论"),
    }
)
#: Layers that a gateway's support can do nothing about.
OURS = frozenset({Layer.US, Layer.CONFIGURATION})
UNDECIDED = frozenset({Layer.NONE, Layer.UNKNOWN})

MARKS: Mapping[Mark, Text] = MappingProxyType(
    {
        Mark.PASSED: Text("ok", "正常"),
        Mark.FAILED: Text("FAILED", "异常"),
        Mark.UNSURE: Text("unclear", "存疑"),
        Mark.SKIPPED: Text("not tried", "未执行"),
    }
)

OWNERS: Mapping[str, Text] = MappingProxyType(
    {
        "monitoring": Text("whoever runs the monitoring", "监控负责人"),
        "client": Text("our payments team", "我方支付团队"),
        "our network": Text("our network team", "我方网络团队"),
        "gateway": Text("the gateway's support", "网关技术支持"),
        "acquirer": Text("the acquirer", "收单行"),
        "scheme": Text("the card scheme", "卡组织"),
        "issuer": Text("the issuer", "发卡行"),
    }
)

KINDS: Mapping[str, Text] = MappingProxyType(
    {
        "operation": Text("operations", "操作"),
        "stratum": Text("strata", "分层"),
        "location": Text("seen from", "观测地点"),
    }
)

#: Evidence shown under an alert, in this order, with its label.
DETAILS: Mapping[str, Text] = MappingProxyType(
    {
        "outcomes": Text("outcomes", "结果"),
        "steps": Text("failing steps", "失败步骤"),
        "strata": Text("strata", "分层"),
        "places": Text("seen from", "观测地点"),
        "first_bad": Text("first failure", "首次失败"),
        "last_good": Text("last good", "最近一次成功"),
        "expires": Text("expires", "到期时间"),
        "message": Text("last message", "最近信息"),
    }
)

#: How soon customers hear again, in seconds: the usual update targets of each priority.
UPDATE_EVERY: Mapping[Severity, float] = MappingProxyType(
    {Severity.P1: 1_800.0, Severity.P2: 3_600.0, Severity.P3: 86_400.0, Severity.P4: 86_400.0}
)

_BRANDS = {
    "visa": Text("Visa cards", "Visa 卡"),
    "mastercard": Text("Mastercard cards", "万事达卡"),
    "mc": Text("Mastercard cards", "万事达卡"),
    "amex": Text("American Express cards", "美国运通卡"),
    "unionpay": Text("UnionPay cards", "银联卡"),
    "cup": Text("UnionPay cards", "银联卡"),
    "jcb": Text("JCB cards", "JCB 卡"),
    "discover": Text("Discover cards", "Discover 卡"),
    "diners": Text("Diners Club cards", "大来卡"),
    "maestro": Text("Maestro cards", "Maestro 卡"),
}
PAYMENTS = Text("payments", "支付")
_OPERATIONS = {
    PAYMENTS: ("authorise", "authorize", "auth", "pay", "payment", "charge", "purchase", "sale", "confirm"),
    Text("collecting authorised payments", "预授权请款"): ("capture",),
    Text("refunds", "退款"): ("refund",),
    Text("cancellations", "交易撤销"): ("void", "cancel", "reverse", "reversal"),
    Text("payment history and status", "交易查询"): ("list", "search", "history", "retrieve", "status", "read", "query"),
    Text("payment notifications", "支付结果通知"): ("webhook", "notification", "callback"),
}
_BY_OPERATION = {name: said for said, names in _OPERATIONS.items() for name in names}


def for_customers(kind: str, name: str) -> Text | None:
    """What a customer calls it; None for what only we know: steps of ours, locations, strata with names of our own."""
    if kind == "operation":
        return _BY_OPERATION.get(name.lower())
    dimension, _, value = name.partition("=")
    if kind != "stratum" or not value:
        return None
    if dimension == "brand":
        return _BRANDS.get(value.lower())
    if dimension == "currency" and len(value) == 3 and value.isalpha():
        return Text(f"payments in {value.upper()}", f"{value.upper()} 币种交易")
    return None
