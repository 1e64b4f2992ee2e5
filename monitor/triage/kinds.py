"""How a request failed, in the terms that tell the layers apart: finer than an outcome, coarser than a gateway's codes."""

from collections.abc import Mapping
from enum import StrEnum

from monitor.model.outcome import DECLINES, NetworkReason, Outcome
from monitor.model.triage import Observation


class Kind(StrEnum):
    """In the order in which a request can meet them."""

    OURS = "ours"
    NAME = "name"  # it did not resolve
    CONNECT = "connect"  # no TCP connection
    TLS = "tls"  # no handshake, for another reason than the certificate
    CERTIFICATE = "certificate"
    CUT = "cut"  # the connection ended before the answer
    SILENT = "silent"  # no answer in time
    PAGE = "page"  # a page for people where the gateway's JSON was expected
    ELSEWHERE = "elsewhere"  # sent to another address
    DENIED = "denied"  # who we are was refused
    REQUEST = "request"  # what we asked was refused
    THROTTLED = "throttled"
    SERVER = "server"
    CONTRACT = "contract"  # an answer that must not be
    ACQUIRER = "acquirer"
    ISSUER = "issuer"
    DECLINE = "decline"

    def refines(self, other: "Kind") -> bool:
        """Whether it may be the same failure as ``other``, seen with its status and body."""
        return self is other or self in _FINER.get(other, ())


#: What a failure known by its outcome alone may turn out to be.
_FINER: Mapping[Kind, tuple[Kind, ...]] = {
    Kind.CUT: (Kind.NAME, Kind.CONNECT, Kind.TLS, Kind.CERTIFICATE),
    Kind.SILENT: (Kind.CUT,),
    Kind.SERVER: (Kind.PAGE,),
    Kind.CONTRACT: (Kind.PAGE, Kind.ELSEWHERE, Kind.DENIED),
    Kind.REQUEST: (Kind.DENIED, Kind.PAGE),
    Kind.THROTTLED: (Kind.PAGE,),
    Kind.ISSUER: (Kind.ACQUIRER,),
}

#: Failures below the request: nothing of the target's software was reached.
OF_THE_WAY = frozenset({Kind.NAME, Kind.CONNECT, Kind.TLS, Kind.CERTIFICATE})
#: Failures that leave open whether the payment was made.
OPEN_MONEY = frozenset({Kind.CUT, Kind.SILENT})

_REASONS: Mapping[NetworkReason, Kind] = {
    NetworkReason.DNS: Kind.NAME,
    NetworkReason.DNS_TIMEOUT: Kind.NAME,
    NetworkReason.TCP_REFUSED: Kind.CONNECT,
    NetworkReason.TCP_TIMEOUT: Kind.CONNECT,
    NetworkReason.TCP_UNREACHABLE: Kind.CONNECT,
    NetworkReason.TLS: Kind.TLS,
    NetworkReason.TLS_TIMEOUT: Kind.TLS,
    NetworkReason.TLS_CERTIFICATE: Kind.CERTIFICATE,
    NetworkReason.RESET: Kind.CUT,
    NetworkReason.NO_ANSWER: Kind.CUT,
    NetworkReason.ANSWER_TIMEOUT: Kind.SILENT,
    NetworkReason.BODY_TIMEOUT: Kind.SILENT,
    NetworkReason.BODY_TOO_LARGE: Kind.CONTRACT,
    NetworkReason.PROTOCOL: Kind.CONTRACT,
    NetworkReason.BLOCKED_ADDRESS: Kind.NAME,  # it resolved to an address that the target may not have
    NetworkReason.OUT_OF_FILES: Kind.OURS,
    NetworkReason.OUT_OF_MEMORY: Kind.OURS,
    NetworkReason.LOOP_STALL: Kind.OURS,
    NetworkReason.INTERNAL: Kind.OURS,
    NetworkReason.SHUTDOWN: Kind.OURS,
    NetworkReason.BLIND: Kind.OURS,
    NetworkReason.MONEY: Kind.OURS,
}
_OUTCOMES: Mapping[Outcome, Kind] = {
    Outcome.NETWORK_ERROR: Kind.CUT,
    Outcome.TIMEOUT_UNKNOWN: Kind.SILENT,
    Outcome.THROTTLED: Kind.THROTTLED,
    Outcome.CLIENT_CONFIG: Kind.REQUEST,
    Outcome.TECH_GATEWAY: Kind.SERVER,
    Outcome.TECH_ACQUIRER: Kind.ACQUIRER,
    Outcome.TECH_ISSUER: Kind.ISSUER,
    Outcome.CONTRACT_VIOLATION: Kind.CONTRACT,
    Outcome.PENDING_ACTION: Kind.DECLINE,
    Outcome.APPROVED_PARTIAL: Kind.DECLINE,
    Outcome.AGENT_FAULT: Kind.OURS,
    Outcome.UNKNOWN: Kind.OURS,
    **dict.fromkeys(DECLINES, Kind.DECLINE),
}

#: Codes that name the acquirer or its processor, whatever the outcome is called: Mastercard Gateway's gateway codes, Stripe's
#: ``processing_error`` ("an error occurred while processing the card"), and ISO 8583 field 39.
_ACQUIRER_CODES = frozenset({"ACQUIRER_SYSTEM_ERROR", "UNSPECIFIED_FAILURE", "processing_error", "96", "90", "06"})
#: ISO 8583 field 39: issuer or switch inoperative, no answer in time, no route to the issuer.
_ISSUER_CODES = frozenset({"TIMED_OUT", "issuer_not_available", "91", "68", "92"})
#: The gateway's words for "I do not accept who you are". REQUEST_REJECTED stands for a wrong password or an expired client certificate.
_DENIED_CODES = frozenset({"REQUEST_REJECTED", "authentication_error", "invalid_api_key", "api_key_expired", "SIGN_ERROR", "AUTHENTICATION_FAILURE"})  # fmt: skip
#: The credential is accepted and the account may not do this: a matter of set-up, though HTTP says 403.
_SET_UP_CODES = frozenset({"account_invalid", "INVALID_REQUEST", "NOT_SUPPORTED", "CONSTRAINT_VIOLATION", "NO_AUTH", "PERMISSION_DENIED"})  # fmt: skip
_NOT_JSON = "where a JSON object was expected"
#: A proxy's statuses for what it could not get from behind it.
_PROXY_STATUSES = frozenset({502, 503, 504})


def kind_of(each: Observation) -> Kind:
    """How it failed. Asked of what failed only."""
    known = _REASONS.get(each.reason)
    if known is not None:
        return known
    if is_page(each):
        return Kind.PAGE
    if each.status == 429 or each.outcome is Outcome.THROTTLED:
        return Kind.THROTTLED
    if each.status is not None and 300 <= each.status < 400:
        return Kind.ELSEWHERE
    return _by_words(each)


def kind_of_word(word: str) -> Kind:
    """The same of one entry of ``Observation.mix``: ``tech_gateway 503``, ``network_error tcp_refused``."""
    outcome, _, code = word.partition(" ")
    reason = NetworkReason(code) if code in set(NetworkReason) else NetworkReason.NONE
    known = _REASONS.get(reason)
    if known is not None:
        return known
    by_code = _by_code(code)
    if by_code is not None:
        return by_code
    return _OUTCOMES.get(Outcome(outcome), Kind.OURS) if outcome in set(Outcome) else Kind.OURS


def is_page(each: Observation) -> bool:
    """A page for people, or a proxy's bare answer: something stands in front of the gateway and speaks for it."""
    message = each.message.lower()
    if each.content == "html" or "with text/html" in message:
        return True
    unlike_json = each.content in ("text", "empty") or (_NOT_JSON.lower() in message and "application/json" not in message)
    return each.status in _PROXY_STATUSES and unlike_json


def _by_words(each: Observation) -> Kind:
    if each.status in (401, 407) or (each.status == 403 and each.code not in _SET_UP_CODES):
        return Kind.DENIED
    by_code = _by_code(each.code)
    if by_code is not None:
        return by_code
    if each.outcome is not None and each.outcome in _OUTCOMES:
        return _OUTCOMES[each.outcome]
    return Kind.SERVER if each.status is not None and each.status >= 500 else Kind.CONTRACT


def _by_code(code: str) -> Kind | None:
    if code in _DENIED_CODES or code in ("401", "407", "403"):
        return Kind.DENIED
    if code in _ACQUIRER_CODES:
        return Kind.ACQUIRER
    return Kind.ISSUER if code in _ISSUER_CODES else None
