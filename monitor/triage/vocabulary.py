"""What reasons, outcomes, kinds of failure, layers and experiments are called, in both languages."""

from collections.abc import Mapping
from types import MappingProxyType

from monitor.model.outcome import NetworkReason, Outcome
from monitor.model.text import Text
from monitor.model.triage import Experiment, Layer
from monitor.triage.kinds import Kind

REASONS: Mapping[NetworkReason, Text] = MappingProxyType(
    {
        NetworkReason.DNS: Text("the name does not resolve", "域名无法解析"),
        NetworkReason.DNS_TIMEOUT: Text("no DNS answer", "DNS 无应答"),
        NetworkReason.TCP_REFUSED: Text("TCP connection refused", "TCP 连接被拒绝"),
        NetworkReason.TCP_TIMEOUT: Text("no answer to TCP", "TCP 连接超时"),
        NetworkReason.TCP_UNREACHABLE: Text("address unreachable", "地址不可达"),
        NetworkReason.TLS: Text("TLS handshake failed", "TLS 握手失败"),
        NetworkReason.TLS_TIMEOUT: Text("TLS handshake timed out", "TLS 握手超时"),
        NetworkReason.TLS_CERTIFICATE: Text("certificate refused", "证书校验未通过"),
        NetworkReason.RESET: Text("connection reset", "连接被重置"),
        NetworkReason.NO_ANSWER: Text("connection closed without an answer", "连接关闭且无应答"),
        NetworkReason.ANSWER_TIMEOUT: Text("no answer in time", "等待应答超时"),
        NetworkReason.BODY_TIMEOUT: Text("the answer did not end in time", "接收应答超时"),
        NetworkReason.BODY_TOO_LARGE: Text("the answer is too large", "应答过大"),
        NetworkReason.PROTOCOL: Text("not a valid HTTP answer", "应答不符合 HTTP 协议"),
        NetworkReason.BLOCKED_ADDRESS: Text("resolves to an address that is not allowed", "解析到不允许访问的地址"),
        NetworkReason.OUT_OF_FILES: Text("the monitor is out of file descriptors", "监控自身文件描述符耗尽"),
        NetworkReason.OUT_OF_MEMORY: Text("the monitor is out of memory", "监控自身内存不足"),
        NetworkReason.LOOP_STALL: Text("the monitor's loop stalled", "监控自身事件循环阻塞"),
        NetworkReason.INTERNAL: Text("a fault of the monitor", "监控自身故障"),
        NetworkReason.SHUTDOWN: Text("the monitor was stopping", "监控正在停止"),
        NetworkReason.BLIND: Text("the monitor was blind", "监控自身断网"),
        NetworkReason.BUDGET: Text("held back by the request budget", "受请求预算限制未发送"),
        NetworkReason.MONEY: Text("held back by the money ledger", "受资金账本限制未发送"),
    }
)
OUTCOMES: Mapping[Outcome, Text] = MappingProxyType(
    {
        Outcome.OK: Text("as expected", "符合预期"),
        Outcome.APPROVED: Text("approved", "批准"),
        Outcome.APPROVED_PARTIAL: Text("approved in part", "部分批准"),
        Outcome.PENDING_ACTION: Text("left pending", "待处理"),
        Outcome.SOFT_DECLINE: Text("declined", "拒绝"),
        Outcome.HARD_DECLINE: Text("declined for good", "永久拒绝"),
        Outcome.RISK_DECLINE: Text("declined for risk", "因风控被拒绝"),
        Outcome.TECH_ISSUER: Text("issuer unavailable", "发卡行不可用"),
        Outcome.TECH_ACQUIRER: Text("acquirer error", "收单行错误"),
        Outcome.TECH_GATEWAY: Text("gateway error", "网关错误"),
        Outcome.THROTTLED: Text("throttled", "被限流"),
        Outcome.CLIENT_CONFIG: Text("request refused", "请求被拒绝"),
        Outcome.TIMEOUT_UNKNOWN: Text("no answer, outcome unknown", "无应答，结果未知"),
        Outcome.CONTRACT_VIOLATION: Text("an answer that breaks the contract", "应答违反约定"),
        Outcome.NETWORK_ERROR: Text("network error", "网络错误"),
        Outcome.AGENT_FAULT: Text("a fault of the monitor", "监控自身故障"),
        Outcome.UNKNOWN: Text("not measured", "未测得"),
    }
)
LAYERS: Mapping[Layer, Text] = MappingProxyType(
    {
        Layer.US: Text("the monitor itself", "监控自身"),
        Layer.NETWORK: Text("the network", "网络"),
        Layer.DNS: Text("name resolution", "域名解析"),
        Layer.TLS: Text("TLS", "TLS"),
        Layer.EDGE: Text("the edge", "边缘接入层"),
        Layer.AUTHENTICATION: Text("authentication", "身份认证"),
        Layer.CONFIGURATION: Text("our configuration", "我方配置"),
        Layer.GATEWAY: Text("the gateway", "支付网关"),
        Layer.ACQUIRER: Text("the acquirer", "收单行"),
        Layer.SCHEME: Text("the card scheme", "卡组织"),
        Layer.ISSUER: Text("the issuer", "发卡行"),
        Layer.NONE: Text("nothing", "无故障"),
        Layer.UNKNOWN: Text("undecided", "未定"),
    }
)
EXPERIMENTS: Mapping[Experiment, Text] = MappingProxyType(
    {
        Experiment.OWN: Text("own state", "自身状态"),
        Experiment.REFERENCE: Text("reference target", "参照目标"),
        Experiment.LOCATION: Text("location", "探测点"),
        Experiment.NEIGHBOUR: Text("neighbouring target", "相邻目标"),
        Experiment.RESOLVE: Text("our resolver", "本地解析器"),
        Experiment.RESOLVER: Text("another resolver", "其他解析器"),
        Experiment.CONNECT: Text("TCP to", "TCP 连接"),
        Experiment.HANDSHAKE: Text("TLS to", "TLS 握手"),
        Experiment.FRONT_DOOR: Text("front door", "免认证接口"),
        Experiment.ADDRESS: Text("front door through", "免认证接口经由"),
        Experiment.TOKEN: Text("token step", "令牌步骤"),
        Experiment.CREDENTIAL: Text("second credential", "备用凭据"),
        Experiment.STEP: Text("step", "步骤"),
        Experiment.STRATUM: Text("stratum", "分层"),
        Experiment.CARD: Text("card", "卡"),
        Experiment.READ: Text("read", "查询"),
        Experiment.WRITE: Text("write", "写入"),
    }
)
OWN_NAMES: Mapping[str, Text] = MappingProxyType(
    {
        "loop_lag": Text("longest stall of the event loop", "事件循环最长阻塞"),
        "clock": Text("clock offset", "时钟偏差"),
        "descriptors": Text("file descriptors", "文件描述符"),
        "rate": Text("rate of our own requests", "自身请求速率"),
    }
)
KINDS: Mapping[Kind, Text] = MappingProxyType(
    {
        Kind.NAME: Text("names that do not resolve", "域名无法解析"),
        Kind.CONNECT: Text("no connection", "无法连接"),
        Kind.TLS: Text("broken handshakes", "握手失败"),
        Kind.CERTIFICATE: Text("refused certificates", "证书未通过校验"),
        Kind.CUT: Text("cut connections", "连接中断"),
        Kind.SILENT: Text("no answer in time", "应答超时"),
        Kind.PAGE: Text("pages instead of JSON", "返回网页"),
        Kind.ELSEWHERE: Text("redirects", "重定向"),
        Kind.DENIED: Text("refused credentials", "凭据被拒"),
        Kind.REQUEST: Text("refused requests", "请求被拒"),
        Kind.THROTTLED: Text("throttling", "限流"),
        Kind.SERVER: Text("gateway errors", "网关错误"),
        Kind.CONTRACT: Text("wrong answers", "应答违反约定"),
        Kind.ACQUIRER: Text("acquirer errors", "收单行错误"),
        Kind.ISSUER: Text("silent issuers", "发卡行无应答"),
        Kind.DECLINE: Text("declines", "拒绝"),
        Kind.OURS: Text("faults of the monitor", "监控自身故障"),
    }
)
