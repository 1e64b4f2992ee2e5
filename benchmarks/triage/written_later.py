"""Scenarios written after the rules of the triage had been made with the others in sight: how well do the rules carry over?"""

from benchmarks.triage.at_the_gateway import JSON, SERVER_ERROR
from benchmarks.triage.before_the_gateway import SECOND_ADDRESS
from benchmarks.triage.breaks import PAGES, Break, everything, fronts, knob, names, page, rcode
from benchmarks.triage.nameserver import Rcode
from benchmarks.triage.scenario import Scenario, quiet, row
from benchmarks.triage.world import World
from monitor.model.triage import Layer, Symptom

L, SLOW = Layer, Symptom.SLOW
MONEY = ["authorise", "pay"]


def _reference_refuses(world: World) -> None:
    for place in world.places.values():
        for front in place.reference:
            front.manners.listens = "refuse"


SCENARIOS: tuple[Scenario, ...] = (
    row("later-500-in-one-place", "F12", "one location is answered 500 in JSON", "mastercard",
        fronts(at=("sin",), page=page(500, SERVER_ERROR, content=JSON)), right=(L.GATEWAY, L.EDGE), where="sin", at=("sin",),
        places=3, why="a region of the gateway and its own edge there answer alike"),
    row("later-tls-expired-in-one-place", "F9", "the certificate has expired in one location", "stripe",
        fronts(at=("fra",), certificate="expired"), right=L.TLS, where="fra", at=("fra",), places=3),
    row("later-tls-wrong-name-elsewhere", "F9", "the certificate is for another name in one location, asked from another", "mastercard",
        fronts(at=("iad",), certificate="wrong_name"), right=L.TLS, where="iad", at=("iad",), places=3, asked_from="fra"),
    row("later-edge-429", "F17", "the firewall in front answers 429 with a page", "stripe",
        fronts(page=page(429, PAGES.denied)), right=L.EDGE, places=3),
    row("later-edge-resets", "F2", "four of ten requests are read and then cut", "mastercard",
        fronts(reset_share=0.4), right=(L.GATEWAY, L.EDGE), places=3, why="a front and a gateway cut connections alike"),
    row("later-dns-comes-and-goes", "F27", "the zone is broken a minute on and a minute off", "stripe",
        rcode(Rcode.SERVFAIL), right=L.DNS, course="xx..xx..xx", places=3),
    row("later-slow-handshake-at-one-address", "F12", "handshakes take 0.5 s longer at one address of two", "stripe",
        fronts(index=1, handshake_seconds=0.5), right=(L.TLS, L.EDGE, L.NETWORK), where=SECOND_ADDRESS, symptom=SLOW,
        why="a slow host, its edge and its way look alike"),
    row("later-token-in-one-place", "F8", "the token service answers 500 in one location", "mastercard",
        fronts(at=("sin",), token=page(500, SERVER_ERROR, content=JSON)), right=L.AUTHENTICATION, where=("sin", "token"),
        at=("sin",), places=3),
    row("later-our-clock", "F25", "our clock is twenty minutes behind, and the gateway refuses what it signs", "mastercard",
        everything(date_seconds=1200.0), knob("unauthorised", operation=[*MONEY, "retrieve", "search", "list", "void"]), right=L.US,
        places=3),
    row("later-void-fails", "F16", "500 to voids only", "mastercard",
        knob("error_before", operation="void"), right=L.GATEWAY, where="void", places=3),
    row("later-balance-fails", "F2", "503 to the balance only", "stripe",
        knob("unavailable", operation="balance"), right=L.GATEWAY, where="balance"),
    row("later-garbled-for-some", "F19", "a third of answers end in the middle of their JSON", "mastercard",
        knob("garbled", share=0.35), right=L.GATEWAY),
    row("later-processing-error-of-one-brand", "F5", "one brand's authorisations come back as processing errors", "stripe",
        knob("acquirer_down", seconds=0.1, brand="mastercard"), right=(L.ACQUIRER, L.SCHEME), where="brand=mastercard", places=3,
        why="the acquirer's route to a brand and the brand look alike behind this code"),
    row("later-issuer-sees-fraud", "F5", "the issuer of one card sees fraud", "mastercard",
        knob("decline", operation=MONEY, card_prefix="401200", decision="fraudulent"), right=L.ISSUER,
        where=("card=second", "brand=visa,card=second"), course="x" * 12),
    row("later-one-brand-slow", "F5", "one brand's authorisations take 0.7 s longer", "mastercard",
        knob("slow", brand="visa", operation=MONEY, median_seconds=0.7, sigma=0.2, most_seconds=1.2),
        right=(L.SCHEME, L.ISSUER, L.ACQUIRER), where="brand=visa", symptom=SLOW, places=3,
        why="who behind the gateway is slow is not to be seen from before it"),
    quiet("later-quiet-reference", "F25", "the reference is down, everything else is well", "stripe", Break(_reference_refuses), places=3),
    quiet("later-quiet-second-resolver", "F11", "the other resolver is dead, the one that checks use is well", "mastercard",
          names(first=False, silent=True)),
    quiet("later-quiet-401-blip", "F8", "20 s of 401, over for minutes", "stripe", knob("unauthorised"), course="x.......", places=3),
)  # fmt: skip
