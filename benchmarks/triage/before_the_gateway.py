"""Scenarios of the layers a request meets before the gateway: ourselves, the network, names, TLS, the edge."""

from benchmarks.triage.breaks import PAGES, everything, fronts, knob, leads, monitor, names, page, rcode
from benchmarks.triage.merchant import HOST
from benchmarks.triage.nameserver import Rcode
from benchmarks.triage.scenario import Scenario, row
from benchmarks.triage.stage import show, stall
from monitor.model.triage import Layer, Symptom

L, SLOW, CHANGED = Layer, Symptom.SLOW, Symptom.CHANGED
FIRST_ADDRESS, SECOND_ADDRESS = "127.0.10.1", "127.0.10.2"  # of the gateway, in the first location

US: tuple[Scenario, ...] = (
    row("us-egress-cut", "F25", "our way out is cut: nothing answers, no name resolves", "mastercard",
        everything(listens="drop"), names(silent=True), right=L.US),
    row("us-egress-refused", "F25", "our own firewall refuses every connection, names resolve", "stripe",
        everything(listens="refuse"), right=L.US),
    row("us-resolver-dead", "F25", "our resolver is dead, another one works", "mastercard",
        names(second=False, silent=True), right=L.US),
    row("us-resolver-dead-in-one-place", "F25", "one location's resolver is dead", "stripe",
        names(at=("fra",), second=False, silent=True), right=L.US, at=("fra",), places=3),
    row("us-egress-of-one-place", "F25", "one location's way out is cut", "mastercard",
        everything(at=("fra",), listens="drop"), right=(L.US, L.NETWORK), at=("fra",), places=3,
        why="our uplink and our provider's network look alike from the inside"),
    row("us-loop-stalls", "F25", "our event loop stands still for 2.2 s at a time", "mastercard",
        monitor(stall), right=L.US, symptom=SLOW),
    row("us-clock-wrong", "F8", "our clock is ten minutes ahead, and the gateway refuses what it signs", "stripe",
        everything(date_seconds=-600.0), knob("unauthorised"), right=L.US),
)  # fmt: skip

NETWORK: tuple[Scenario, ...] = (
    row("net-one-place-drops", "F12", "one location's packets to the gateway are lost", "mastercard",
        fronts(at=("sin",), listens="drop"), right=L.NETWORK, where="sin", at=("sin",), places=3),
    row("net-one-place-refuses", "F12", "one location's connections to the gateway are refused", "stripe",
        fronts(at=("iad",), listens="refuse"), right=L.NETWORK, where="iad", at=("iad",), places=3),
    row("net-one-place-seen-from-another", "F12", "one location's packets are lost, asked from a healthy one", "stripe",
        fronts(at=("sin",), listens="drop"), right=L.NETWORK, where="sin", at=("sin",), places=3, asked_from="fra"),
    row("net-address-dead", "F12", "one address of two answers no SYN: connecting takes a quarter of a second longer", "mastercard",
        fronts(index=0, listens="drop"), right=L.NETWORK, where=FIRST_ADDRESS, symptom=SLOW),
    row("net-address-resets", "F12", "one address of two takes connections and resets them", "stripe",
        fronts(index=1, greets="reset"), right=(L.NETWORK, L.EDGE), where=SECOND_ADDRESS,
        why="a box on the way and the host at the address both send such resets"),
    row("net-no-answer-one-place", "F12", "no SYN to the gateway is answered, seen from the only location", "mastercard",
        fronts(listens="drop"), right=(L.NETWORK, L.GATEWAY, L.EDGE), why="with one location, a lost route and a dead entrance look alike"),
    row("net-provider-between", "F24", "two gateways at one provider stop answering everywhere, the reference answers", "stripe",
        everything(reference=False, listens="drop"), right=(L.NETWORK, L.EDGE), places=3,
        why="the provider's network and its edge fail together"),
    row("net-one-place-narrow", "F12", "one location's answers trickle in", "mastercard",
        fronts(at=("sin",), receive_seconds=0.45), right=(L.NETWORK, L.EDGE), where="sin", at=("sin",), places=3, symptom=SLOW,
        why="a narrow path and a slow nearby edge look alike"),
)  # fmt: skip

DNS: tuple[Scenario, ...] = (
    row("dns-nxdomain", "F11", "the gateway's name does not exist any more", "mastercard", rcode(Rcode.NXDOMAIN), right=L.DNS),
    row("dns-servfail", "F11", "the gateway's zone is broken", "stripe", rcode(Rcode.SERVFAIL), right=L.DNS, places=3),
    row("dns-silent", "F11", "nobody answers for the gateway's name", "stripe", names(mute=frozenset({HOST})), right=L.DNS),
    row("dns-one-place", "F11", "the name is gone in one location", "mastercard",
        rcode(Rcode.NXDOMAIN, at=("sin",)), right=L.DNS, where="sin", at=("sin",), places=3),
    row("dns-empty", "F11", "the name has lost its addresses", "mastercard", leads(lambda place: ()), right=L.DNS, places=3),
    row("dns-leads-nowhere", "F11", "the name leads to an address where nobody listens", "mastercard",
        leads(lambda place: ("127.0.50.1",)), right=L.DNS),
    row("dns-leads-to-a-stranger", "F11", "the name leads to somebody else's server", "stripe",
        leads(lambda place: (place.stranger[0].address,)), right=L.DNS),
    row("dns-slow", "F11", "the gateway's name servers take 0.4 s", "stripe",
        names(late={HOST: 0.4}), right=L.DNS, symptom=SLOW),
    row("dns-resolvers-differ", "F11", "the checks' resolver still leads to an address that was given up", "mastercard",
        leads(lambda place: ("127.0.50.1",), second=False), right=(L.DNS, L.US),
        why="which of the resolvers is stale is nobody's to see"),
)  # fmt: skip

TLS: tuple[Scenario, ...] = (
    row("tls-expired", "F9", "the certificate has expired", "mastercard", fronts(certificate="expired"), right=L.TLS),
    row("tls-expired-everywhere", "F9", "the certificate has expired, seen from three locations", "stripe",
        fronts(certificate="expired"), right=L.TLS, places=3),
    row("tls-not-yet-valid", "F9", "the certificate is not valid yet", "mastercard", fronts(certificate="not_yet"), right=L.TLS),
    row("tls-wrong-name", "F9", "the certificate is for another name", "stripe", fronts(certificate="wrong_name"), right=L.TLS),
    row("tls-unknown-issuer", "F9", "the certificate is signed by nobody we trust", "mastercard",
        fronts(certificate="unknown_issuer"), right=L.TLS, places=3),
    row("tls-expired-at-one-address", "F9", "the certificate has expired at one address of two", "stripe",
        fronts(index=1, certificate="expired"), right=L.TLS, where=SECOND_ADDRESS),
    row("tls-ends-soon", "F9", "the certificate ends in a day and a half", "stripe",
        fronts(certificate="ends_soon"), right=L.TLS, symptom=CHANGED),
    row("tls-other-issuer", "F9", "another authority has signed the certificate, and nobody announced it", "mastercard",
        fronts(certificate="other_issuer"), right=L.TLS, symptom=CHANGED),
    row("tls-client-certificate-missing", "F10", "the gateway begins to demand a client certificate", "stripe",
        fronts(demands_certificate=True), right=L.TLS),
    row("tls-client-certificate-expired", "F10", "our client certificate has expired", "mastercard", monitor(show("expired")),
        right=L.TLS, from_start=(fronts(demands_certificate=True), monitor(show("good")))),
    row("tls-client-certificate-distrusted", "F10", "our client certificate's authority is not trusted any more", "stripe",
        monitor(show("unknown_issuer")), right=L.TLS, places=3,
        from_start=(fronts(demands_certificate=True), monitor(show("good")))),
    row("tls-no-handshake", "F9", "connections are taken, and no handshake follows", "mastercard",
        fronts(greets="silence"), right=(L.TLS, L.EDGE), places=3, why="the handshake is what the edge does"),
    row("tls-slow-handshake", "F3", "handshakes take 0.4 s longer", "stripe",
        fronts(handshake_seconds=0.4), right=(L.TLS, L.EDGE), places=3, symptom=SLOW, why="the handshake is what the edge does"),
)  # fmt: skip

EDGE: tuple[Scenario, ...] = (
    row("edge-denied", "F23", "a firewall's page instead of answers, 403", "mastercard",
        fronts(page=page(403, PAGES.denied)), right=L.EDGE),
    row("edge-denied-by-the-sandbox", "F23", "the sandbox's own firewall page", "stripe", knob("html_403"), right=L.EDGE, places=3),
    row("edge-challenge", "F23", "a browser challenge instead of answers, 503", "stripe",
        fronts(page=page(503, PAGES.challenge)), right=L.EDGE, places=3),
    row("edge-502", "F1", "502 from the proxy in front", "mastercard", fronts(page=page(502, PAGES.bad_gateway)), right=L.EDGE, places=3),
    row("edge-504", "F1", "504 from the proxy in front, after 0.8 s", "stripe",
        fronts(page=page(504, PAGES.time_out, after=0.8)), right=L.EDGE),
    row("edge-502-for-some", "F2", "502 from the proxy in front for four of ten", "mastercard",
        fronts(page=page(502, PAGES.bad_gateway, share=0.4)), right=L.EDGE),
    row("edge-502-at-one-address", "F12", "502 from one proxy of two", "stripe",
        fronts(index=1, page=page(502, PAGES.bad_gateway)), right=L.EDGE, where=SECOND_ADDRESS),
    row("edge-login", "F23", "every request is sent to a login page", "stripe",
        fronts(page=page(302, PAGES.moved, Location="https://login.gateway.test/")), right=L.EDGE),
    row("edge-back-soon", "F23", "a page with 200 says that they will be back soon", "mastercard",
        fronts(page=page(200, PAGES.back_soon)), right=L.EDGE, places=3),
    row("edge-denied-in-one-place", "F23", "one location is shut out by the firewall", "mastercard",
        fronts(at=("fra",), page=page(403, PAGES.denied)), right=L.EDGE, where="fra", at=("fra",), places=3),
    row("edge-shared", "F24", "two gateways behind one network of fronts answer 503 pages", "stripe",
        everything(reference=False, page=page(503, PAGES.unavailable)), right=L.EDGE, places=3),
)  # fmt: skip

SCENARIOS = US + NETWORK + DNS + TLS + EDGE
