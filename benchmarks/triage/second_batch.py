"""A second batch of scenarios written after the rules had been made without them, played once before anything was mended for them."""

from benchmarks.triage.at_the_gateway import JSON
from benchmarks.triage.before_the_gateway import SECOND_ADDRESS
from benchmarks.triage.behind_the_gateway import FIRST_VISA, TWELVE
from benchmarks.triage.breaks import PAGES, Break, fronts, knob, names, page
from benchmarks.triage.merchant import HOST
from benchmarks.triage.scenario import Scenario, quiet, row
from benchmarks.triage.world import World
from monitor.model.triage import Layer, Symptom

L, SLOW = Layer, Symptom.SLOW
MONEY = ["authorise", "pay"]
TOO_MANY = '{"error": "too_many_requests"}'
NOT_LISTED = '{"error": "address_not_allowed"}'
NO_TOKEN = '{"token_type": "Bearer", "expires_in": 600}'


def _neighbour_refuses(world: World) -> None:
    for place in world.places.values():
        for front in place.neighbour:
            front.manners.listens = "refuse"


SCENARIOS: tuple[Scenario, ...] = (
    row("second-authorise-slow", "F3", "authorisations take 0.6 s longer, whatever the card", "stripe",
        knob("slow", operation=MONEY, median_seconds=0.6, sigma=0.2, most_seconds=1.2), right=(L.GATEWAY, L.ACQUIRER),
        where="authorise", symptom=SLOW, places=3, why="a gateway that waits for its acquirer looks like a slow gateway"),
    row("second-429-in-one-place", "F17", "one location is answered 429 in JSON", "mastercard",
        fronts(at=("sin",), page=page(429, TOO_MANY, content=JSON)), right=(L.GATEWAY, L.EDGE), where="sin", at=("sin",), places=3,
        why="an edge that limits by address and a gateway's region that does answer alike"),
    row("second-500-page-for-some", "F2", "a page with 500 from the front to three of ten requests", "stripe",
        fronts(page=page(500, PAGES.denied, share=0.3)), right=L.EDGE, places=3),
    row("second-page-for-authorisations", "F23", "a firewall's page instead of answers, to authorisations only", "stripe",
        knob("html_403", operation=MONEY), right=L.EDGE, where="authorise"),
    row("second-slow-in-one-place", "F12", "requests wait 0.5 s in front of the gateway in one location", "mastercard",
        fronts(at=("sin",), forward_seconds=0.5), right=(L.NETWORK, L.EDGE, L.GATEWAY), where="sin", at=("sin",), places=3, symptom=SLOW,
        why="a slow edge, its way to the gateway and the gateway's region there look alike"),
    row("second-slow-at-one-address", "F12", "requests wait 0.6 s behind one address of two", "stripe",
        fronts(index=1, forward_seconds=0.6), right=(L.EDGE, L.NETWORK, L.GATEWAY), where=SECOND_ADDRESS, symptom=SLOW,
        why="a slow edge, its way to the gateway and one of the gateway's machines look alike"),
    row("second-one-card-slow", "F5", "the issuer of one card takes 0.8 s longer", "mastercard",
        knob("slow", operation=MONEY, card_prefix="450875", median_seconds=0.8, sigma=0.2, most_seconds=1.3), right=L.ISSUER,
        where=FIRST_VISA, symptom=SLOW, places=3, course=TWELVE),
    row("second-token-without-token", "F8", "the token service answers 200 without a token", "stripe",
        fronts(token=page(200, NO_TOKEN, content=JSON)), right=L.AUTHENTICATION, where="token"),
    row("second-not-on-the-list", "F10", "one location's address has left the list of those allowed: 403 in JSON", "stripe",
        fronts(at=("fra",), page=page(403, NOT_LISTED, content=JSON)), right=(L.AUTHENTICATION, L.CONFIGURATION, L.EDGE), where="fra",
        at=("fra",), places=3, why="whether a list of addresses is the edge's, the gateway's or ours to keep is not to be seen"),
    row("second-acquirer-times-out-for-some", "F6", "four of ten authorisations time out behind the gateway, whatever the card",
        "mastercard", knob("acquirer_down", seconds=0.3, error="timed_out", share=0.4), right=L.ACQUIRER, course=TWELVE),
    row("second-dns-slow-in-one-place", "F11", "the gateway's name takes 0.5 s in one location", "mastercard",
        names(at=("sin",), late={HOST: 0.5}), right=L.DNS, where="sin", at=("sin",), places=3, symptom=SLOW),
    quiet("second-quiet-neighbour", "F24", "another gateway is down, ours is well", "mastercard", Break(_neighbour_refuses), places=3),
    quiet("second-quiet-slow-minute", "F3", "half a minute of waiting in one location, over for minutes", "stripe",
          fronts(at=("sin",), forward_seconds=0.5), course="x.......", at=("sin",), places=3, symptom=SLOW),
    quiet("second-quiet-challenge", "F23", "20 s of a firewall's page, over for minutes", "mastercard",
          fronts(page=page(403, PAGES.denied)), course="x.......", places=3),
)  # fmt: skip
