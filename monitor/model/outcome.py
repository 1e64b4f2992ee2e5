"""The closed set of outcomes: what one exchange with a payment gateway came to, never an HTTP status.

The first fourteen follow the split between technical and business declines that card schemes publish (NPCI's "TD/BD");
``ok`` is a read or liveness step that came back as expected; the last two are our own failures, kept apart so that
no fault of the monitor is ever booked as the gateway's.
"""

from enum import StrEnum


class Outcome(StrEnum):
    OK = "ok"
    APPROVED = "approved"
    APPROVED_PARTIAL = "approved_partial"
    PENDING_ACTION = "pending_action"
    SOFT_DECLINE = "soft_decline"
    HARD_DECLINE = "hard_decline"
    RISK_DECLINE = "risk_decline"
    TECH_ISSUER = "tech_issuer"
    TECH_ACQUIRER = "tech_acquirer"
    TECH_GATEWAY = "tech_gateway"
    THROTTLED = "throttled"
    CLIENT_CONFIG = "client_config"
    TIMEOUT_UNKNOWN = "timeout_unknown"
    CONTRACT_VIOLATION = "contract_violation"
    NETWORK_ERROR = "network_error"
    AGENT_FAULT = "agent_fault"
    UNKNOWN = "unknown"


#: What a step may come to when nothing else is stated: the exchange worked.
SUCCESSES = frozenset({Outcome.OK, Outcome.APPROVED})
#: The gateway worked; somebody behind it said no.
DECLINES = frozenset({Outcome.SOFT_DECLINE, Outcome.HARD_DECLINE, Outcome.RISK_DECLINE})
#: The service did not do its work: these count against availability.
TECHNICAL = frozenset(
    {
        Outcome.TECH_ISSUER,
        Outcome.TECH_ACQUIRER,
        Outcome.TECH_GATEWAY,
        Outcome.THROTTLED,
        Outcome.TIMEOUT_UNKNOWN,
        Outcome.CONTRACT_VIOLATION,
        Outcome.NETWORK_ERROR,
    }
)
#: The monitor could not measure: never up, never down, and no evidence for a rule.
OURS = frozenset({Outcome.AGENT_FAULT, Outcome.UNKNOWN})


class Standing(StrEnum):
    """What one run says about the service's availability."""

    UP = "up"
    DOWN = "down"
    UNKNOWN = "unknown"


def standing(outcome: Outcome, *, good: bool | None) -> Standing:
    """How a run counts in an SLI.

    ``good`` is whether the run met its check's expectation (None: not measured). Business declines are answers, hence
    up; ``client_config`` is our own mistake and measures nothing.
    """
    if good:
        return Standing.UP
    if good is None or outcome in OURS or outcome is Outcome.CLIENT_CONFIG:
        return Standing.UNKNOWN
    return Standing.DOWN if outcome in TECHNICAL else Standing.UP


class NetworkReason(StrEnum):
    """The finer reason of ``network_error``, ``timeout_unknown`` and ``agent_fault``: a metric label, so a closed set."""

    NONE = ""
    DNS = "dns"
    DNS_TIMEOUT = "dns_timeout"
    TCP_REFUSED = "tcp_refused"
    TCP_TIMEOUT = "tcp_timeout"
    TCP_UNREACHABLE = "tcp_unreachable"
    TLS = "tls"
    TLS_TIMEOUT = "tls_timeout"
    TLS_CERTIFICATE = "tls_certificate"
    RESET = "reset"
    NO_ANSWER = "no_answer"
    ANSWER_TIMEOUT = "answer_timeout"
    BODY_TIMEOUT = "body_timeout"
    BODY_TOO_LARGE = "body_too_large"
    PROTOCOL = "protocol"
    BLOCKED_ADDRESS = "blocked_address"
    OUT_OF_FILES = "out_of_files"
    OUT_OF_MEMORY = "out_of_memory"
    LOOP_STALL = "loop_stall"
    INTERNAL = "internal"
    SHUTDOWN = "shutdown"
    BLIND = "blind"
    BUDGET = "budget"
    MONEY = "money"
