"""Scenarios of what a gateway is asked for and does: authentication, our configuration, and the gateway itself."""

from benchmarks.triage.breaks import fronts, knob, knobs, monitor, page
from benchmarks.triage.scenario import Scenario, row
from benchmarks.triage.stage import forget_second_credential, promise, slip
from monitor.model.triage import Layer, Symptom

L, SLOW = Layer, Symptom.SLOW
#: Of the sandbox: everything that needs credentials.
SIGNED = ["create", "authorise", "pay", "verify", "capture", "void", "refund", "retrieve", "list", "search", "balance", "other"]
WRITES = ["create", "authorise", "pay", "capture", "void", "refund"]
READS = ["retrieve", "list", "search", "balance"]
TWELVE = "x" * 12
FALSE_CLIENT = '{"error": "invalid_client"}'
SERVER_ERROR = '{"error": "server_error"}'
JSON = "application/json"

AUTHENTICATION: tuple[Scenario, ...] = (
    row("auth-401-for-all", "F8", "401 for every credential", "mastercard",
        knob("unauthorised", operation=SIGNED), right=(L.AUTHENTICATION, L.GATEWAY),
        why="a gateway that refuses every credential has broken its own authentication"),
    row("auth-401-one-credential", "F8", "401 for the only credential we have", "stripe",
        knob("key_rotated"), right=L.AUTHENTICATION, places=3, from_start=(monitor(forget_second_credential),)),
    row("auth-key-rotated", "F10", "the key was rotated: the old one is refused, the new one works", "stripe",
        knob("key_rotated"), right=L.AUTHENTICATION),
    row("auth-password-rotated", "F10", "the API password was changed: the old one is refused, the second one works", "mastercard",
        knob("key_rotated"), right=L.AUTHENTICATION, places=3),
    row("auth-token-500", "F8", "the token service answers 500", "mastercard",
        fronts(token=page(500, SERVER_ERROR, content=JSON)), right=L.AUTHENTICATION),
    row("auth-token-500-everywhere", "F8", "the token service answers 503, seen from three locations", "stripe",
        fronts(token=page(503, SERVER_ERROR, content=JSON)), right=L.AUTHENTICATION, places=3),
    row("auth-token-refused", "F8", "the token service does not know our client", "mastercard",
        fronts(token=page(401, FALSE_CLIENT, content=JSON)), right=L.AUTHENTICATION, places=3),
    row("auth-token-slow", "F8", "the token service takes 0.6 s longer", "stripe",
        fronts(token=page(200, '{"access_token": "of-the-bench"}', content=JSON, after=0.6)), right=L.AUTHENTICATION, symptom=SLOW),
    row("auth-their-clock", "F8", "the gateway's clock is ten minutes behind, and it refuses what we sign", "stripe",
        fronts(date_seconds=-600.0), knob("unauthorised"), right=(L.AUTHENTICATION, L.GATEWAY),
        why="authentication fails, and its reason is the gateway's clock"),
)  # fmt: skip

CONFIGURATION: tuple[Scenario, ...] = (
    row("conf-our-amount", "F19", "a change of ours sends an amount with three decimals", "mastercard",
        monitor(slip), right=L.CONFIGURATION),
    row("conf-our-currency", "F19", "a change of ours sends a currency that is none", "stripe",
        monitor(slip), right=L.CONFIGURATION, places=3),
    row("conf-merchant-disabled", "F19", "our merchant profile is switched off", "mastercard",
        knob("merchant_disabled"), right=L.CONFIGURATION, places=3),
    row("conf-account-not-activated", "F19", "our account is not activated any more", "stripe",
        knob("merchant_disabled"), right=L.CONFIGURATION),
    row("conf-over-our-rate", "F17", "we send faster than we promised, and 429 comes back", "stripe",
        knob("throttle", per_second=0.02, burst=1), monitor(promise(requests_per_second=50.0, published_per_second=0.05)),
        right=L.CONFIGURATION),
)  # fmt: skip

GATEWAY: tuple[Scenario, ...] = (
    row("gw-refuses", "F1", "connections are refused at every address, everywhere", "mastercard",
        fronts(listens="refuse"), right=(L.GATEWAY, L.EDGE), places=3, why="a dead entrance is the edge's or the gateway's"),
    row("gw-drops", "F1", "no SYN is answered at any address, from anywhere", "stripe",
        fronts(listens="drop"), right=(L.GATEWAY, L.EDGE), places=3, why="a dead entrance is the edge's or the gateway's"),
    row("gw-503", "F1", "503 to everybody", "mastercard", knob("unavailable"), right=L.GATEWAY, places=3),
    row("gw-500", "F1", "500 to everybody", "stripe", knob("error_before"), right=L.GATEWAY),
    row("gw-500-to-a-fifth", "F2", "500 to a fifth of requests", "mastercard",
        knob("error_before", share=0.2), right=L.GATEWAY, places=3, course=TWELVE),
    row("gw-500-to-a-fifth-of-one-place", "F2", "500 to a fifth of requests, seen from one location", "stripe",
        knob("error_before", share=0.2), right=L.GATEWAY, course=TWELVE),
    row("gw-authorise-fails", "F2", "500 to authorisations only", "mastercard",
        knob("error_before", operation="authorise"), right=L.GATEWAY, where="authorise"),
    row("gw-create-fails", "F2", "500 to new payment intents only", "stripe",
        knob("error_before", operation="create"), right=L.GATEWAY, where="create", places=3),
    row("gw-writes-fail", "F2", "503 to everything that writes", "stripe",
        knob("unavailable", operation=WRITES), right=L.GATEWAY, places=3),
    row("gw-reads-fail", "F2", "500 to everything that reads", "mastercard",
        knob("error_before", operation=READS), right=L.GATEWAY, places=3),
    row("gw-never-answers", "F1", "requests are taken and never answered", "mastercard", knob("black_hole"), right=L.GATEWAY),
    row("gw-writes-never-answer", "F15", "writes are taken and never answered", "stripe",
        knob("black_hole", operation=WRITES), right=L.GATEWAY, places=3),
    row("gw-answers-lost", "F15", "authorisations are done, and the connection is cut before the answer", "stripe",
        knob("drop_answer", operation="authorise"), right=L.GATEWAY, where="authorise", places=3),
    row("gw-done-and-denied", "F15", "authorisations are done and answered 500", "mastercard",
        knob("error_after", operation="authorise"), right=L.GATEWAY, where="authorise"),
    row("gw-slow", "F3", "everything takes 0.4 s longer", "stripe",
        knob("slow", median_seconds=0.4, sigma=0.2, most_seconds=0.9), right=L.GATEWAY, places=3, symptom=SLOW),
    row("gw-slow-tail", "F3", "a heavy tail: half of requests take about 0.5 s", "mastercard",
        knob("slow", median_seconds=0.5, sigma=0.3, most_seconds=1.0, share=0.5), right=L.GATEWAY, symptom=SLOW),
    row("gw-slow-writes", "F3", "writes take 0.4 s longer", "mastercard",
        knob("slow", operation=WRITES, median_seconds=0.4, sigma=0.2, most_seconds=0.8), right=L.GATEWAY, symptom=SLOW, places=3),
    row("gw-slow-lists", "F4", "lists take 0.6 s longer", "stripe",
        knob("slow_lists", seconds=0.6), right=L.GATEWAY, where="list", places=3, symptom=SLOW),
    row("gw-slow-search", "F4", "searching the history takes 0.6 s longer", "mastercard",
        knob("slow_lists", seconds=0.6), right=L.GATEWAY, where="search", symptom=SLOW),
    row("gw-lists-time-out", "F4", "lists never end in time", "mastercard",
        knob("slow_lists", seconds=3.0), right=L.GATEWAY, where="search", places=3),
    row("gw-stale-reads", "F21", "reads lag a minute behind writes", "stripe",
        knob("stale_read", seconds=60), right=L.GATEWAY, where="retrieve"),
    row("gw-throttles", "F17", "429 although we ask far less than we may", "mastercard",
        knob("throttle", per_second=0.02, burst=1), right=L.GATEWAY, places=3),
    row("gw-hundredfold", "F22", "amounts a hundredfold", "mastercard",
        knob("wrong_amount", operation="authorise"), right=L.GATEWAY, where="authorise", places=3),
    row("gw-tenfold", "F22", "amounts tenfold", "stripe", knob("wrong_amount", factor=10), right=L.GATEWAY),
    row("gw-approves-all", "F7", "a card that must be declined is approved", "stripe", knob("approve_all"), right=L.GATEWAY, places=3),
    row("gw-approves-all-declined", "F7", "a card that must be declined is approved", "mastercard",
        knob("approve_all"), right=L.GATEWAY),
    row("gw-ignores-keys", "F14", "the same request twice is two deeds", "mastercard",
        knob("ignore_keys"), right=L.GATEWAY, where="replay"),
    row("gw-garbled", "F19", "answers end in the middle of their JSON", "stripe", knob("garbled"), right=L.GATEWAY),
    row("gw-missing-field", "F19", "answers to writes leave out a field", "mastercard",
        knob("missing_field", field="response.gatewayCode", operation="authorise"), right=L.GATEWAY, places=3),
    row("gw-comes-and-goes", "F27", "503, a minute on and a minute off", "stripe",
        knob("unavailable"), right=L.GATEWAY, course="xx..xx..xx", places=3),
    row("gw-errors-and-slow", "F28", "at its limit: slow, and a quarter of requests answered 503", "mastercard",
        knobs({"knob": "slow", "median_seconds": 0.4, "sigma": 0.3, "most_seconds": 1.0}, {"knob": "unavailable", "share": 0.25}),
        right=L.GATEWAY, places=3),
)  # fmt: skip

SCENARIOS = AUTHENTICATION + CONFIGURATION + GATEWAY
