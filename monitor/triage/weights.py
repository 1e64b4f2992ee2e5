"""How much each sign says, in one table.

A weight is a logarithm of odds: 0 is even, 1 is 2.7 to 1, 2 is 7 to 1, 3 is 20 to 1. A verdict starts with the weight of its cause, gains
and loses by what speaks for and against it, and the sum is told as a probability. The weights were set from what each observation can
come from besides, and are held against the labelled bench (``make bench-triage``), which says how often each verdict is right.
"""

import math
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from monitor.model.triage import Layer

#: Layers in the order a request meets them.
LADDER: tuple[Layer, ...] = tuple(layer for layer in Layer if layer not in (Layer.NONE, Layer.UNKNOWN))


class Cause(StrEnum):
    """What is wrong, in a closed set; its words for people stand in ``causes.yaml``."""

    WAY_OUT = "way_out"
    OWN_RESOLVER = "own_resolver"
    OWN_STALL = "own_stall"
    OWN_CLOCK = "own_clock"
    OWN_FAULT = "own_fault"
    ONE_LOCATION = "one_location"
    ONE_ADDRESS = "one_address"
    NO_ROUTE = "no_route"
    SHARED_WAY = "shared_way"
    SLOW_PATH = "slow_path"
    NO_SUCH_NAME = "no_such_name"
    NAME_FAILS = "name_fails"
    WRONG_ADDRESS = "wrong_address"
    SLOW_NAME = "slow_name"
    CERTIFICATE_EXPIRED = "certificate_expired"
    CERTIFICATE_REFUSED = "certificate_refused"
    CLIENT_CERTIFICATE = "client_certificate"
    HANDSHAKE_FAILS = "handshake_fails"
    EXPIRES_SOON = "expires_soon"
    ISSUER_CHANGED = "issuer_changed"
    SLOW_HANDSHAKE = "slow_handshake"
    PAGE = "page"
    ELSEWHERE = "elsewhere"
    ONE_NODE = "one_node"
    SLOW_NEARBY = "slow_nearby"
    CREDENTIAL = "credential"
    TOKEN = "token"  # noqa: S105 - a cause
    SLOW_TOKEN = "slow_token"  # noqa: S105
    REQUEST = "request"
    OWN_RATE = "own_rate"
    CLOSED = "closed"
    DOWN = "down"
    PROCESSING = "processing"
    OPERATION = "operation"
    NO_ANSWERS = "no_answers"
    WRONG_MONEY = "wrong_money"
    BREACH = "breach"
    STALE_READS = "stale_reads"
    THROTTLES = "throttles"
    REFUSES_ALL = "refuses_all"
    SLOW_ALL = "slow_all"
    SLOW_OPERATION = "slow_operation"
    LONG_ANSWERS = "long_answers"
    SHAPE_CHANGED = "shape_changed"
    ACQUIRER_ERRORS = "acquirer_errors"
    ALL_ISSUERS = "all_issuers"
    ONE_BRAND = "one_brand"
    BRAND_DECLINES = "brand_declines"
    DECLINES = "declines"
    SLOW_BRAND = "slow_brand"
    SLOW_CARD = "slow_card"
    ONE_CARD = "one_card"
    CARD_DECLINES = "card_declines"
    SOME_ISSUER = "some_issuer"
    NOTHING = "nothing"
    OVER = "over"
    MAINTENANCE = "maintenance"
    PLANNED = "planned"
    UNDECIDED = "undecided"
    NO_EVIDENCE = "no_evidence"


class Worth(NamedTuple):
    layer: Layer
    odds: float
    why: str  # what the weight stands on
    rivals: tuple[Layer, ...] = ()  # where the same picture comes from when it does not come from ``layer``


_W, _L = Worth, Layer
CAUSES: Mapping[Cause, Worth] = MappingProxyType(
    {
        Cause.WAY_OUT: _W(_L.US, 2.5, "what has nothing to do with the gateway fails together with it", (_L.NETWORK,)),
        Cause.OWN_RESOLVER: _W(_L.US, 2.5, "names of others do not resolve either", (_L.DNS,)),
        Cause.OWN_STALL: _W(_L.US, 1.5, "a stalled loop makes time-outs, and a loaded gateway may stall us", (_L.GATEWAY,)),
        Cause.OWN_CLOCK: _W(_L.US, 2.5, "signatures and certificates are judged by our clock, and it is wrong", (_L.AUTHENTICATION,)),
        Cause.OWN_FAULT: _W(_L.US, 2.5, "the runs say themselves that the fault was ours"),
        Cause.ONE_LOCATION: _W(_L.NETWORK, 2.5, "other places reach it at the same time", (_L.EDGE, _L.US)),
        Cause.ONE_ADDRESS: _W(_L.NETWORK, 2.5, "its other addresses can be reached from here", (_L.EDGE,)),
        Cause.NO_ROUTE: _W(_L.NETWORK, 1.0, "no answer to TCP: a route, a firewall, or the whole site", (_L.GATEWAY, _L.EDGE)),
        Cause.SHARED_WAY: _W(_L.NETWORK, 1.2, "gateways fail together whose only tie is where they stand", (_L.EDGE, _L.GATEWAY)),
        Cause.SLOW_PATH: _W(_L.NETWORK, 1.8, "connecting is one round trip and little else", (_L.EDGE,)),
        Cause.NO_SUCH_NAME: _W(_L.DNS, 3.0, "a definite answer by the name servers"),
        Cause.NAME_FAILS: _W(_L.DNS, 2.0, "the name servers fail or keep silent about this name", (_L.US,)),
        Cause.WRONG_ADDRESS: _W(_L.DNS, 1.5, "other addresses than before, and they do not work", (_L.TLS, _L.NETWORK)),
        Cause.SLOW_NAME: _W(_L.DNS, 2.0, "the look-up is timed by itself", (_L.US,)),
        Cause.CERTIFICATE_EXPIRED: _W(_L.TLS, 3.5, "the date stands in the certificate"),
        Cause.CERTIFICATE_REFUSED: _W(_L.TLS, 3.0, "verification names what is wrong", (_L.DNS,)),
        Cause.CLIENT_CERTIFICATE: _W(_L.TLS, 3.0, "the alert names our certificate"),
        Cause.HANDSHAKE_FAILS: _W(_L.TLS, 1.0, "TCP connects and the handshake does not end: often a proxy", (_L.EDGE, _L.GATEWAY)),
        Cause.EXPIRES_SOON: _W(_L.TLS, 2.5, "the date stands in the certificate"),
        Cause.ISSUER_CHANGED: _W(_L.TLS, 1.0, "another issuer that nobody announced; mostly a renewal", (_L.NONE,)),
        Cause.SLOW_HANDSHAKE: _W(_L.TLS, 1.5, "two round trips and some arithmetic", (_L.EDGE, _L.NETWORK)),
        Cause.PAGE: _W(_L.EDGE, 2.5, "the gateway's own software answers in JSON", (_L.GATEWAY,)),
        Cause.ELSEWHERE: _W(_L.EDGE, 2.0, "APIs do not redirect", (_L.AUTHENTICATION,)),
        Cause.ONE_NODE: _W(_L.EDGE, 2.0, "the same request works through its other addresses", (_L.GATEWAY,)),
        Cause.SLOW_NEARBY: _W(_L.EDGE, 1.2, "one place waits, and connects as quickly as ever: what serves that place", (_L.GATEWAY, _L.NETWORK)),
        Cause.CREDENTIAL: _W(_L.AUTHENTICATION, 2.0, "401 and 403 mean who we are", (_L.GATEWAY, _L.CONFIGURATION)),
        Cause.TOKEN: _W(_L.AUTHENTICATION, 2.5, "the token step fails by itself", (_L.GATEWAY,)),
        Cause.SLOW_TOKEN: _W(_L.AUTHENTICATION, 2.0, "the token is timed by itself", (_L.GATEWAY,)),
        Cause.REQUEST: _W(_L.CONFIGURATION, 1.2, "400 blames the request; a gateway's deployment does it, too", (_L.GATEWAY,)),
        Cause.OWN_RATE: _W(_L.CONFIGURATION, 2.5, "our own count says that we sent too much"),
        Cause.CLOSED: _W(_L.GATEWAY, 1.5, "its host answers and nobody listens", (_L.EDGE, _L.NETWORK)),
        Cause.DOWN: _W(_L.GATEWAY, 2.0, "its own errors at the front door and behind it", (_L.EDGE,)),
        Cause.PROCESSING: _W(_L.GATEWAY, 2.0, "its own errors, behind a front door that works", (_L.ACQUIRER,)),
        Cause.OPERATION: _W(_L.GATEWAY, 2.0, "some of its operations fail, others on the same way do not", (_L.ACQUIRER,)),
        Cause.NO_ANSWERS: _W(_L.GATEWAY, 1.5, "connected, sent, and nothing came", (_L.EDGE, _L.NETWORK, _L.ACQUIRER)),
        Cause.WRONG_MONEY: _W(_L.GATEWAY, 2.5, "only the gateway writes amounts and approvals", (_L.CONFIGURATION,)),
        Cause.BREACH: _W(_L.GATEWAY, 1.8, "only the gateway writes its answers", (_L.CONFIGURATION, _L.EDGE)),
        Cause.STALE_READS: _W(_L.GATEWAY, 2.2, "what was written is not read back", (_L.CONFIGURATION,)),
        Cause.THROTTLES: _W(_L.GATEWAY, 1.2, "refused while we keep our rate: its limit, or others on our account", (_L.CONFIGURATION,)),
        Cause.REFUSES_ALL: _W(_L.GATEWAY, 1.2, "two credentials do not break together", (_L.AUTHENTICATION, _L.CONFIGURATION)),
        Cause.SLOW_ALL: _W(_L.GATEWAY, 1.8, "waiting for the first byte is its work", (_L.EDGE, _L.ACQUIRER)),
        Cause.SLOW_OPERATION: _W(_L.GATEWAY, 2.0, "others on the same way are as quick as ever", (_L.ACQUIRER,)),
        Cause.LONG_ANSWERS: _W(_L.GATEWAY, 1.2, "receiving grows with what is sent, and with loss", (_L.NETWORK,)),
        Cause.SHAPE_CHANGED: _W(_L.GATEWAY, 0.5, "another shape of its answers: a deployment", (_L.EDGE, _L.NONE)),
        Cause.ACQUIRER_ERRORS: _W(_L.ACQUIRER, 2.0, "the gateway's own code names the acquirer", (_L.GATEWAY,)),
        Cause.ALL_ISSUERS: _W(_L.ACQUIRER, 0.8, "issuers of all brands do not fail together", (_L.GATEWAY, _L.SCHEME)),
        Cause.ONE_BRAND: _W(_L.SCHEME, 1.5, "one brand, and the others pass on the same way", (_L.ISSUER, _L.ACQUIRER)),
        Cause.BRAND_DECLINES: _W(_L.SCHEME, 1.0, "one brand is declined, others are not", (_L.ISSUER, _L.ACQUIRER)),
        Cause.DECLINES: _W(_L.SCHEME, 0.5, "declined on every card: a policy, whose nobody can see", (_L.ISSUER, _L.ACQUIRER, _L.GATEWAY)),
        Cause.SLOW_BRAND: _W(_L.SCHEME, 1.0, "one brand waits longer on the same way", (_L.ISSUER, _L.ACQUIRER)),
        Cause.SLOW_CARD: _W(_L.ISSUER, 1.5, "another card of the same brand is as quick as ever", (_L.SCHEME, _L.ACQUIRER)),
        Cause.ONE_CARD: _W(_L.ISSUER, 2.0, "another card of the same brand passes", (_L.SCHEME,)),
        Cause.CARD_DECLINES: _W(_L.ISSUER, 1.5, "another card of the same brand is approved", (_L.SCHEME,)),
        Cause.SOME_ISSUER: _W(_L.ISSUER, 0.4, "the code says issuer, and there is nothing to compare with", (_L.ACQUIRER, _L.SCHEME)),
    }
)  # fmt: skip


class Doubt(StrEnum):
    """What takes from a verdict, or adds to it, whatever its cause."""

    SINGLE = "single"
    THIN = "thin"
    MANY = "many"
    NOT_NOW = "not_now"
    NOW = "now"
    CONFIRMED = "confirmed"
    CONTRARY = "contrary"
    MILD = "mild"
    EARLIER = "earlier"
    UNTRIED = "untried"


#: What each is worth, and why.
DOUBTS: Mapping[Doubt, tuple[float, str]] = MappingProxyType(
    {
        Doubt.SINGLE: (-3.0, "one failure is chance until there is a second"),
        Doubt.THIN: (-1.5, "two failures are as often chance as trouble"),
        Doubt.MANY: (0.5, "ten failures of one kind are no chance"),
        Doubt.NOT_NOW: (-0.7, "what was tried just now worked"),
        Doubt.NOW: (0.5, "it was seen to fail again just now"),
        Doubt.CONFIRMED: (0.8, "a second experiment that need not have agreed does"),
        Doubt.CONTRARY: (-1.5, "it would not be so, were the verdict the whole truth"),
        Doubt.MILD: (-0.3, "it is seldom so"),
        Doubt.EARLIER: (-0.8, "an earlier layer shows something, though not enough"),
        Doubt.UNTRIED: (-0.25, "an earlier layer was not tried: it is taken to pass, not known to"),
    }
)

#: Less than even odds name no layer.
SURE_ENOUGH = 0.5
#: No verdict of a machine that saw a minute of it is surer.
SUREST = 0.97


def probability(odds: float) -> float:
    """What a sum of weights means, rounded as far as it can be meant."""
    return round(min(SUREST, 1 / (1 + math.exp(-odds))), 2)
