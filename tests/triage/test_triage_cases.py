"""The failure modes of payment gateways as evidence, and what a senior engineer would say of each."""

from typing import Any, NamedTuple

import pytest
from triage_scenes import (
    ACQUIRER,
    APPROVED_ANYWAY,
    BAD_GATEWAY,
    DECLINED,
    DOOR,
    E400,
    E401,
    E429,
    E503,
    EXPIRED,
    GARBLED,
    ISSUER,
    JOINED,
    LOGIN,
    MISSING,
    NAMED,
    NO_ANSWER,
    NO_DNS,
    NO_NAME,
    PAGE,
    REACHED,
    REFUSED,
    RESET,
    SEES,
    SILENT_TCP,
    TLS_SILENT,
    WRONG_AMOUNT,
    WRONG_NAME,
    X,
    case,
    elsewhere,
    everywhere,
    formerly,
    in_one_place,
    on_one_part,
    runs,
    slower,
    tls,
    tried,
    was,
)

from monitor.model.outcome import NetworkReason, Outcome
from monitor.model.text import Text
from monitor.model.triage import Case, Layer, Symptom
from monitor.triage import judge

L = Layer
SLOW, CHANGED = Symptom.SLOW, Symptom.CHANGED


class Scene(NamedTuple):
    """``mode``: of the list of failure modes; Q is a quiet one."""

    mode: str
    says: str
    case: Case
    layer: Layer
    where: str = ""
    cause: str = ""


def scene(mode: str, says: str, layer: Layer, *observations: Any, where: str = "", cause: str = "", **more: Any) -> Any:
    return pytest.param(Scene(mode, says, case(observations, **more), layer, where, cause), id=f"{mode}-{says.replace(' ', '-')}")


def _paces(visa_first: float, visa_second: float, mastercard_first: float, mastercard_second: float) -> tuple[Any, ...]:
    """What runs of each cell take, in seconds."""
    cells = {("visa", "first"): visa_first, ("visa", "second"): visa_second, ("mastercard", "first"): mastercard_first,
             ("mastercard", "second"): mastercard_second}  # fmt: skip
    return tuple(runs(X.CARD, f"brand={brand},card={card}", 6, seconds=seconds) for (brand, card), seconds in cells.items())


def _addresses(first: float, second: float) -> tuple[Any, ...]:
    """Two addresses, tried just now and in the recent runs."""
    timed = {"203.0.113.7": first, "203.0.113.8": second}
    now = [tried(X.ADDRESS, address, status=200, seconds=seconds) for address, seconds in timed.items()]
    return (*now, *(runs(X.ADDRESS, address, 30, seconds=seconds) for address, seconds in timed.items()))


BAD_DOOR_503 = tried(X.FRONT_DOOR, "information", False, **E503)
SCENES = [
    scene("F1", "refused at its address from both places", L.GATEWAY, *SEES, *NAMED,
          tried(X.CONNECT, "203.0.113.7", False, **REFUSED), *everywhere(bad=24, **REFUSED), cause="closed"),
    scene("F1", "503 at the front door and behind it", L.GATEWAY, *SEES, *NAMED, *JOINED, BAD_DOOR_503, *everywhere(bad=24, **E503), cause="down"),
    scene("F1", "503 behind a front door that works", L.GATEWAY, *REACHED, *everywhere(bad=24, **E503), cause="processing"),
    scene("F2", "a fifth of payments fails", L.GATEWAY, *REACHED, *everywhere(40, 8, **E503)),
    scene("F2", "one operation fails", L.GATEWAY, *REACHED, *everywhere(bad=24, step="capture", **E503),
          runs(X.STEP, "authorise", 24), runs(X.STEP, "retrieve", 24), where="capture", cause="operation"),
    scene("F3", "every answer takes longer to begin", L.GATEWAY, *REACHED, slower("authorise", connect=0.01, tls=0.02, wait=1.5),
          slower("retrieve", connect=0.01, tls=0.02, wait=1.4), symptom=SLOW, cause="slow_all",
          before=(formerly("authorise", connect=0.01, tls=0.02, wait=0.15), formerly("retrieve", connect=0.01, tls=0.02, wait=0.1))),
    scene("F4", "lists alone are slow", L.GATEWAY, *REACHED, slower("search", wait=2.4), slower("authorise", wait=0.2), symptom=SLOW,
          where="search", cause="slow_operation", before=(formerly("search", wait=0.12), formerly("authorise", wait=0.2))),
    scene("F4", "reads fail while writes pass", L.GATEWAY, *REACHED, runs(X.STEP, "retrieve", 12, 12, **E503), runs(X.STEP, "authorise", 12),
          where="retrieve"),
    scene("F4", "answers grow long", L.GATEWAY, *REACHED, slower("search", wait=0.1, receive=2.0), slower("authorise", wait=0.2),
          symptom=SLOW, cause="long_answers", before=(formerly("search", wait=0.1, receive=0.05), formerly("authorise", wait=0.2))),
    scene("F5", "one brand times out behind the gateway", L.SCHEME, *REACHED, *on_one_part("brand=visa", "brand=mastercard", **ISSUER),
          where="brand=visa", cause="one_brand"),
    scene("F5", "one brand is never answered", L.SCHEME, *REACHED, *on_one_part("brand=discover", "brand=visa", **NO_ANSWER),
          where="brand=discover"),
    scene("F5", "one card of a brand times out", L.ISSUER, *REACHED,
          *on_one_part("brand=visa,card=first", "brand=visa,card=second", **ISSUER), where="card=first", cause="one_card"),
    scene("F5", "one card times out and the other brand does not", L.ISSUER, *REACHED,
          *on_one_part("card=first", "card=second", X.CARD, **ISSUER), *on_one_part("brand=visa", "brand=mastercard", **ISSUER)[1:],
          where="card=first"),
    scene("F5", "one card is declined", L.ISSUER, *REACHED, *on_one_part("card=first", "card=second", X.CARD, **DECLINED), where="card=first"),
    scene("F5", "one brand is slow", L.SCHEME, *REACHED, slower("authorise", wait=1.2), runs(X.STRATUM, "brand=visa", 8, seconds=2.2),
          runs(X.STRATUM, "brand=mastercard", 8, seconds=0.4), symptom=SLOW, where="brand=visa", before=(formerly("authorise", wait=0.2),)),
    scene("F6", "the acquirer answers with a system error", L.ACQUIRER, *REACHED, *everywhere(bad=24, **ACQUIRER), cause="acquirer_errors"),
    scene("F6", "the acquirer fails on one route", L.ACQUIRER, *REACHED, *on_one_part("brand=visa", "brand=mastercard", **ACQUIRER),
          where="brand=visa"),
    scene("F6", "no issuer of any brand is reached", L.ACQUIRER, *REACHED, *everywhere(bad=24, **ISSUER), cause="all_issuers"),
    scene("F6", "every card is declined", L.SCHEME, *REACHED, *everywhere(bad=24, **DECLINED), cause="declines"),
    scene("F6", "one brand is declined", L.SCHEME, *REACHED, *on_one_part("brand=visa", "brand=mastercard", **DECLINED), where="brand=visa"),
    scene("F7", "a card that must be declined is approved", L.GATEWAY, *REACHED, runs(X.STEP, "must-decline", 3, 3, **APPROVED_ANYWAY),
          cause="wrong_money"),
    scene("F8", "the token service answers 500", L.AUTHENTICATION, *REACHED, tried(X.TOKEN, "token", False, status=500, outcome=Outcome.TECH_GATEWAY),
          runs(X.STEP, "token", 8, 8, outcome=Outcome.TECH_GATEWAY, status=500), where="token", cause="token"),
    scene("F8", "401 on everything, one credential", L.AUTHENTICATION, *REACHED, *everywhere(bad=24, **E401), tried(X.READ, "list", False, **E401)),
    scene("F8", "401 and our clock is ten minutes ahead", L.US, *SEES[:2], tried(X.OWN, "clock", False, seconds=600.0), *NAMED, *JOINED, *DOOR,
          *everywhere(bad=24, **E401), cause="own_clock"),
    scene("F8", "tokens are slow", L.AUTHENTICATION, *REACHED, slower("authorise", auth=1.5, wait=0.2), symptom=SLOW, cause="slow_token",
          before=(formerly("authorise", auth=0.05, wait=0.2),)),
    scene("F9", "the certificate has expired", L.TLS, *SEES, *NAMED, JOINED[0], tried(X.HANDSHAKE, "203.0.113.7", False, **EXPIRED),
          tried(X.FRONT_DOOR, "information", False, **EXPIRED), *everywhere(bad=24, **EXPIRED), cause="certificate_expired"),
    scene("F9", "the certificate is for another name at one address", L.TLS, *SEES, *NAMED, tried(X.CONNECT, "203.0.113.7"), tried(X.CONNECT, "203.0.113.8"),
          tried(X.HANDSHAKE, "203.0.113.7", tls=tls()), tried(X.HANDSHAKE, "203.0.113.8", False, **WRONG_NAME),
          runs(X.STEP, "authorise", 12, 6, **WRONG_NAME), where="203.0.113.8", cause="certificate_refused"),
    scene("F9", "the certificate ends in three days", L.TLS, *SEES, *NAMED, tried(X.HANDSHAKE, "203.0.113.7", tls=tls(days=3)), *DOOR,
          symptom=CHANGED, cause="expires_soon"),
    scene("F9", "another issuer that nobody announced", L.TLS, *SEES, *NAMED, tried(X.HANDSHAKE, "203.0.113.7", tls=tls(issuer="CN=Other CA")), *DOOR,
          symptom=CHANGED, before=(was("information", tls=tls()),), cause="issuer_changed"),
    scene("F10", "our client certificate is refused", L.TLS, *SEES, *NAMED, *JOINED,
          *everywhere(bad=24, outcome=Outcome.NETWORK_ERROR, reason=NetworkReason.TLS, message="TLS failed: tlsv13 alert certificate required"),
          cause="client_certificate"),
    scene("F10", "the key was rotated and the second one works", L.AUTHENTICATION, *REACHED, *everywhere(bad=24, **E401),
          tried(X.CREDENTIAL, "second", status=200), cause="credential"),
    scene("F10", "both keys are refused", L.GATEWAY, *REACHED, *everywhere(bad=24, **E401), tried(X.CREDENTIAL, "second", False, **E401),
          where="authentication", cause="refuses_all"),
    scene("F11", "the name does not exist", L.DNS, *SEES, tried(X.RESOLVE, "gateway.test", False, **NO_NAME), *everywhere(bad=24, **NO_NAME),
          cause="no_such_name"),
    scene("F11", "the name servers keep silent about it", L.DNS, *SEES, tried(X.RESOLVE, "gateway.test", False, **NO_DNS), *everywhere(bad=24, **NO_DNS),
          cause="name_fails"),
    scene("F11", "the name is gone in one place", L.DNS, *SEES, *NAMED, *JOINED, *DOOR, *in_one_place(**NO_NAME), where="sin"),
    scene("F11", "the name leads to an address that refuses", L.DNS, *SEES, tried(X.RESOLVE, "gateway.test", answers=("198.51.100.9",)),
          tried(X.CONNECT, "198.51.100.9", False, **REFUSED), tried(X.FRONT_DOOR, "information", False, **REFUSED), *everywhere(bad=24, **REFUSED),
          before=(tried(X.RESOLVE, "gateway.test", answers=("203.0.113.7",)),), cause="wrong_address"),
    scene("F11", "the look-up takes the time", L.DNS, *REACHED, slower("authorise", resolve=0.8, connect=0.01, wait=0.2), symptom=SLOW,
          before=(formerly("authorise", resolve=0.01, connect=0.01, wait=0.2),), cause="slow_name"),
    scene("F12", "one place gets no answer to TCP", L.NETWORK, *REACHED, *in_one_place(**SILENT_TCP), where="sin", cause="one_location"),
    scene("F12", "one address of two is dead", L.NETWORK, *SEES, *NAMED, tried(X.CONNECT, "203.0.113.7", False, **SILENT_TCP), tried(X.CONNECT, "203.0.113.8"),
          tried(X.HANDSHAKE, "203.0.113.8", tls=tls()), *DOOR, runs(X.STEP, "authorise", 12, 6, **SILENT_TCP), where="203.0.113.7", cause="one_address"),
    scene("F12", "one node behind the name answers 503", L.EDGE, *REACHED, tried(X.ADDRESS, "203.0.113.7", status=200),
          tried(X.ADDRESS, "203.0.113.8", False, **E503), runs(X.STEP, "authorise", 12, 6, address="203.0.113.8", **E503),
          runs(X.STEP, "search", 12, 6, address="203.0.113.8", **E503), where="203.0.113.8", cause="one_node"),
    scene("F2", "a share of requests fails and one address happens to be hit", L.GATEWAY, *REACHED, tried(X.ADDRESS, "203.0.113.7", status=200),
          tried(X.ADDRESS, "203.0.113.8", False, **E503), runs(X.STEP, "authorise", 12, 4, address="203.0.113.7", **E503),
          runs(X.STEP, "search", 12, 4, address="203.0.113.8", **E503)),
    scene("F3", "one place alone became slow", L.NETWORK, *REACHED, slower("search", wait=0.5, receive=0.5), elsewhere(slower("search", wait=0.1), "sin"),
          symptom=SLOW, before=(formerly("search", wait=0.1, receive=0.02),), where="fra", cause="one_location"),
    scene("F8", "the token step alone is slow", L.AUTHENTICATION, *REACHED, tried(X.TOKEN, "token", status=200), slower("token", wait=0.7),
          slower("authorise", wait=0.2), runs(X.STRATUM, "brand=visa", 4, seconds=0.5), runs(X.STRATUM, "brand=mastercard", 4, seconds=0.2),
          symptom=SLOW, before=(formerly("token", wait=0.1), formerly("authorise", wait=0.2)), where="token", cause="slow_token"),
    scene("F17", "429 for one request too many among sixty", L.GATEWAY, *REACHED, runs(X.OWN, "rate", 60, 1), *everywhere(bad=24, **E429), cause="throttles"),
    scene("F12", "no answer to TCP from the only place there is", L.NETWORK, *SEES, *NAMED, tried(X.CONNECT, "203.0.113.7", False, **SILENT_TCP),
          tried(X.FRONT_DOOR, "information", False, **SILENT_TCP), runs(X.STEP, "authorise", 8, 8, **SILENT_TCP), cause="no_route"),
    scene("F12", "the path of one place became slow", L.NETWORK, *REACHED, slower("authorise", connect=0.9, tls=0.5, wait=0.2), symptom=SLOW,
          before=(formerly("authorise", connect=0.02, tls=0.04, wait=0.2),), cause="slow_path"),
    scene("F14", "the same request twice is two deeds", L.GATEWAY, *REACHED, runs(X.STEP, "replay", 4, 4, outcome=Outcome.CONTRACT_VIOLATION,
          status=201, content="json", message="expected body.transaction.amount == first: duplicate"), cause="wrong_money"),
    scene("F15", "writes are taken and never answered", L.GATEWAY, *REACHED, *everywhere(bad=24, **NO_ANSWER), runs(X.STEP, "search", 12),
          cause="no_answers"),
    scene("F15", "answers are cut off", L.GATEWAY, *REACHED, *everywhere(bad=24, outcome=Outcome.TIMEOUT_UNKNOWN, reason=NetworkReason.RESET),
          runs(X.STEP, "search", 12)),
    scene("F17", "429 while we keep our rate", L.GATEWAY, *REACHED, tried(X.OWN, "rate", True, outcome=Outcome.OK), *everywhere(bad=24, **E429), cause="throttles"),
    scene("F17", "429 for what we sent too much", L.CONFIGURATION, *REACHED, tried(X.OWN, "rate", False), *everywhere(bad=24, **E429), cause="own_rate"),
    scene("F19", "a field is missing", L.GATEWAY, *REACHED, *everywhere(bad=24, **GARBLED), cause="breach"),
    scene("F19", "our request is refused after our change", L.CONFIGURATION, *REACHED, *everywhere(bad=24, **E400), cause="request",
          changes=(Text("checks reloaded", "检查已重新加载"),)),
    scene("F21", "what was written is not read back", L.GATEWAY, *REACHED, runs(X.STEP, "retrieve", 12, 12, **MISSING), runs(X.STEP, "authorise", 12),
          where="retrieve", cause="stale_reads"),
    scene("F22", "amounts a hundredfold", L.GATEWAY, *REACHED, *everywhere(bad=24, **WRONG_AMOUNT), cause="wrong_money"),
    scene("F23", "a firewall's page instead of JSON", L.EDGE, *SEES, *NAMED, *JOINED, tried(X.FRONT_DOOR, "information", False, **PAGE),
          *everywhere(bad=24, **PAGE), cause="page"),
    scene("F23", "one place is shut out by the firewall", L.EDGE, *REACHED, *in_one_place(**PAGE), where="sin"),
    scene("F23", "everything is sent to a login page", L.EDGE, *SEES, *NAMED, *JOINED, tried(X.FRONT_DOOR, "information", False, **LOGIN),
          *everywhere(bad=24, **LOGIN), cause="elsewhere"),
    scene("F23", "502 from the proxy in front", L.EDGE, *SEES, *NAMED, *JOINED, tried(X.FRONT_DOOR, "information", False, **BAD_GATEWAY),
          *everywhere(bad=24, **BAD_GATEWAY), cause="page"),
    scene("F24", "a neighbour behind the same edge fails, the reference does not", L.EDGE, *SEES, *NAMED, *JOINED,
          tried(X.FRONT_DOOR, "information", False, **PAGE), runs(X.NEIGHBOUR, "other", 12, 12, outcome=Outcome.TECH_GATEWAY), *everywhere(bad=24, **PAGE)),
    scene("F25", "the reference and the neighbour fail as well", L.US, tried(X.REFERENCE, "control", False, **SILENT_TCP),
          runs(X.NEIGHBOUR, "other", 8, 8, **SILENT_TCP), tried(X.FRONT_DOOR, "information", False, **SILENT_TCP), *everywhere(bad=24, **SILENT_TCP), cause="way_out"),
    scene("F25", "nothing resolves", L.US, tried(X.REFERENCE, "control", False, **NO_DNS), tried(X.RESOLVE, "gateway.test", False, **NO_DNS),
          runs(X.NEIGHBOUR, "other", 8, 8, **NO_DNS), *everywhere(bad=24, **NO_DNS), cause="own_resolver"),
    scene("F25", "our loop stood still", L.US, SEES[0], tried(X.OWN, "loop_lag", False, seconds=2.5), *NAMED, *JOINED, *DOOR, *everywhere(bad=24, **NO_ANSWER),
          cause="own_stall"),
    scene("F25", "our loop stood still now and then, and no step is slower than the others", L.US, SEES[0], tried(X.OWN, "loop_lag", False, seconds=1.3),
          *DOOR, slower("search", wait=0.15), slower("authorise", wait=0.25), symptom=SLOW, cause="own_stall",
          before=(formerly("search", wait=0.12), formerly("authorise", wait=0.2))),
    scene("F3", "handshakes take longer in both places, though not twice as long in one", L.TLS, *REACHED,
          slower("search", tls=0.45, wait=0.1), elsewhere(slower("search", tls=0.45, wait=0.5), "sin"), symptom=SLOW, cause="slow_handshake",
          before=(formerly("search", tls=0.05, wait=0.1), elsewhere(formerly("search", tls=0.05, wait=0.5), "sin"))),
    scene("F15", "nothing is answered, our loop stood still once and the neighbour was served", L.GATEWAY, SEES[0],
          tried(X.OWN, "loop_lag", False, seconds=0.9), *NAMED, *JOINED, *DOOR, runs(X.NEIGHBOUR, "other", 8), *everywhere(bad=24, **NO_ANSWER),
          cause="no_answers"),
    scene("F4", "one step is slow and our loop stood still once", L.GATEWAY, SEES[0], tried(X.OWN, "loop_lag", False, seconds=0.7), *DOOR,
          slower("search", wait=1.5), slower("authorise", wait=0.25), slower("capture", wait=0.25), symptom=SLOW, where="search",
          before=(formerly("search", wait=0.12), formerly("authorise", wait=0.2), formerly("capture", wait=0.2))),
    scene("F25", "we have no file descriptors", L.US, tried(X.OWN, "descriptors", False, message="1,020 / 1,024"),
          *everywhere(bad=24, outcome=Outcome.AGENT_FAULT, reason=NetworkReason.OUT_OF_FILES), cause="own_fault"),
    scene("F27", "503 a minute on and a minute off", L.GATEWAY, *REACHED, runs(X.STEP, "authorise", 20, 10, after=2, **E503), runs(X.LOCATION, "fra", 20, 10, after=2, **E503)),
    scene("F1", "handshakes never end", L.TLS, *SEES, *NAMED, JOINED[0], tried(X.HANDSHAKE, "203.0.113.7", False, **TLS_SILENT),
          tried(X.FRONT_DOOR, "information", False, **TLS_SILENT), *everywhere(bad=24, **TLS_SILENT), cause="handshake_fails"),
    scene("F2", "the token step is reset as often as everything else", L.GATEWAY, *REACHED, tried(X.TOKEN, "token", False, **RESET),
          runs(X.STEP, "token", 20, 8, **RESET), runs(X.STEP, "authorise", 20, 9, **RESET), runs(X.STEP, "search", 20, 7, **RESET), cause="no_answers"),
    scene("F12", "one place is answered 500 at every step, the token step among them", L.GATEWAY, *SEES, *NAMED, *JOINED, BAD_DOOR_503,
          tried(X.TOKEN, "token", False, **E503), *in_one_place("fra", **E503), *in_one_place("fra", "search", **E503)[:3],
          *in_one_place("fra", "token", **E503)[:3], where="fra", cause="down"),
    scene("F8", "the token step fails, and one operation in its own right", L.AUTHENTICATION, *REACHED, tried(X.TOKEN, "token", False, **E503),
          runs(X.STEP, "token", 20, 20, **E503), runs(X.STEP, "void", 20, 20, **E503), runs(X.STEP, "authorise", 20), runs(X.STEP, "search", 20),
          where="token", cause="token"),
    scene("F8", "the token service refuses us like everything else in one place", L.AUTHENTICATION, *REACHED, tried(X.TOKEN, "token", False, **E401),
          *in_one_place("fra", **E401), *in_one_place("fra", "token", **E401)[:3], where="fra"),
    scene("F17", "429 with a page", L.EDGE, *REACHED, *everywhere(bad=24, **E429 | {"content": "html"}), cause="page"),
    scene("F17", "429 in one place", L.GATEWAY, *REACHED, *in_one_place(**E429), where="sin", cause="throttles"),
    scene("F23", "a page to one operation only", L.EDGE, *REACHED, runs(X.STEP, "authorise", 12, 12, **PAGE), runs(X.STEP, "search", 12),
          where="authorise", cause="page"),
    scene("F2", "the operation that is the front door fails alone", L.GATEWAY, *SEES, *NAMED, *JOINED, tried(X.FRONT_DOOR, "balance", False, **E503),
          runs(X.STEP, "balance", 12, 12, **E503), runs(X.STEP, "authorise", 12), where="balance", cause="operation"),
    scene("F5", "one brand is slower than it was, and the median of all runs hides it", L.SCHEME, *REACHED, slower("authorise", wait=0.2),
          *_paces(visa_first=0.9, visa_second=0.8, mastercard_first=0.12, mastercard_second=0.1), symptom=SLOW, where="brand=visa",
          cause="slow_brand", before=(formerly("authorise", wait=0.12), *_paces(0.12, 0.1, 0.12, 0.1))),
    scene("F5", "one card of one brand is slower than it was", L.ISSUER, *REACHED, slower("authorise", wait=0.12),
          *_paces(visa_first=0.9, visa_second=0.1, mastercard_first=0.12, mastercard_second=0.1), symptom=SLOW,
          where="brand=visa,card=first", cause="slow_card", before=(formerly("authorise", wait=0.12), *_paces(0.12, 0.1, 0.12, 0.1))),
    scene("F11", "the look-up takes the time in one place", L.DNS, *REACHED, slower("search", resolve=0.5, wait=0.1),
          elsewhere(slower("search", resolve=0.01, wait=0.1), "sin"), symptom=SLOW, where="fra", cause="slow_name",
          before=(formerly("search", resolve=0.01, wait=0.1),)),
    scene("F12", "one place waits and connects as quickly as ever", L.EDGE, *REACHED, slower("search", connect=0.02, wait=0.7),
          elsewhere(slower("search", connect=0.02, wait=0.1), "sin"), symptom=SLOW, where="fra", cause="slow_nearby",
          before=(formerly("search", connect=0.02, wait=0.1),)),
    scene("F12", "one address is slow in the runs and when tried", L.EDGE, *REACHED, slower("search", wait=0.7), *_addresses(0.03, 0.65),
          symptom=SLOW, where="203.0.113.8", cause="one_node", before=(formerly("search", wait=0.1),)),
    scene("F3", "one address happens to be slow when tried", L.GATEWAY, *REACHED, slower("search", wait=0.7), *_addresses(0.3, 0.65)[:2],
          *(runs(X.ADDRESS, address, 30, seconds=0.3) for address in ("203.0.113.7", "203.0.113.8")), symptom=SLOW, cause="slow_all",
          before=(formerly("search", wait=0.1),)),
    scene("F1", "every request is reset", L.GATEWAY, *SEES, *NAMED, *JOINED, tried(X.FRONT_DOOR, "information", False, **RESET), *everywhere(bad=24, **RESET)),
]  # fmt: skip

QUIET = [
    scene("Q", "a blip that is over", L.NONE, *REACHED, runs(X.STEP, "authorise", 20, 3, after=14, **E503), cause="over"),
    scene("Q", "maintenance", L.NONE, *SEES, BAD_DOOR_503, *everywhere(bad=24, **E503), maintenance="release 12", cause="maintenance"),
    scene("Q", "nothing fails", L.NONE, *REACHED, runs(X.STEP, "authorise", 20), cause="nothing"),
    scene("Q", "one run of two hundred failed", L.UNKNOWN, *REACHED, runs(X.STEP, "authorise", 200, 1, after=3, **E503)),
    scene("Q", "one run failed and it was the first", L.UNKNOWN, *REACHED, runs(X.STEP, "authorise", 2, 1, after=1, **E503)),
    scene("Q", "two declines of sixty", L.UNKNOWN, *REACHED, runs(X.STEP, "authorise", 60, 2, after=4, **DECLINED)),
    scene("Q", "the certificate was renewed by the same issuer", L.NONE, *SEES, *NAMED, *JOINED, *DOOR, symptom=CHANGED, before=(was("information", tls=tls(days=10)),)),
    scene("Q", "another issuer, as announced", L.NONE, *SEES, *NAMED, tried(X.HANDSHAKE, "203.0.113.7", tls=tls(issuer="CN=Other CA")), *DOOR, symptom=CHANGED,
          before=(was("information", tls=tls()),), changes=(Text("renewal announced", "已公告换证"),), cause="planned"),
    scene("Q", "half again as slow as usual", L.NONE, *REACHED, slower("authorise", wait=0.3), before=(formerly("authorise", wait=0.22),), symptom=SLOW),
    scene("Q", "one brand has always been slower", L.NONE, *REACHED, slower("authorise", wait=0.2), *_paces(0.5, 0.5, 0.1, 0.1), symptom=SLOW,
          before=(formerly("authorise", wait=0.2), *_paces(0.45, 0.5, 0.1, 0.1))),
    scene("Q", "one card was slow twice", L.NONE, *REACHED, slower("authorise", wait=0.12), runs(X.CARD, "brand=visa,card=first", 2, seconds=2.0),
          *_paces(0.1, 0.1, 0.1, 0.1)[1:], symptom=SLOW, before=(formerly("authorise", wait=0.12), *_paces(0.1, 0.1, 0.1, 0.1))),
    scene("Q", "one slow run", L.UNKNOWN, *REACHED, slower("authorise", count=2, wait=3.0), before=(formerly("authorise", wait=0.2),), symptom=SLOW),
    scene("Q", "addresses rotate and work", L.NONE, *REACHED, before=(tried(X.RESOLVE, "gateway.test", answers=("203.0.113.8",)),), symptom=CHANGED),
]  # fmt: skip


@pytest.mark.parametrize("told", SCENES)
def test_the_layer_is_named_with_the_part_that_is_hit(told: Scene) -> None:
    verdict = judge(told.case)

    assert (told.layer, told.where or verdict.where) == (verdict.layer, verdict.where), verdict.summary.en
    assert told.cause in ("", verdict.cause)
    assert verdict.confidence >= 0.5


@pytest.mark.parametrize("told", QUIET)
def test_in_quiet_times_no_layer_is_named(told: Scene) -> None:
    verdict = judge(told.case)

    assert told.layer is verdict.layer, verdict.summary.en
    assert told.cause in ("", verdict.cause)


def test_evidence_that_disagrees_takes_from_the_confidence() -> None:
    alone = case(
        (*REACHED, tried(X.TOKEN, "token", False, **E401), runs(X.STEP, "token", 12, 12, **E401), runs(X.STEP, "search", 12))
    )
    beside = case(
        (
            *REACHED,
            tried(X.TOKEN, "token", False, **E401),
            runs(X.STEP, "token", 12, 12, **E401),
            runs(X.STEP, "search", 12, 12, **E401),
        )
    )

    assert judge(alone).layer is judge(beside).layer is L.AUTHENTICATION
    assert judge(beside).confidence < judge(alone).confidence
    assert any("fails in the same way" in each.en for each in judge(beside).against)
