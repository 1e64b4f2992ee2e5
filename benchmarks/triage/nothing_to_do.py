"""Quiet scenarios: something was seen, and nobody has anything to do. A confident layer here would send a person after nothing."""

from benchmarks.triage.breaks import fronts, knob, leads, monitor, names
from benchmarks.triage.scenario import Scenario, quiet
from benchmarks.triage.stage import agreed, announced
from monitor.model.text import Text
from monitor.model.triage import Symptom

SLOW, CHANGED = Symptom.SLOW, Symptom.CHANGED
BLIP, LATE_BLIP = "x.......", "....x......"
RENEWAL = Text("the gateway announced: certificates will be signed by another authority", "网关公告：证书将由另一签发机构签发")

SCENARIOS: tuple[Scenario, ...] = (
    quiet("quiet-blip", "F2", "20 s of 503, over for minutes", "mastercard", knob("unavailable"), course=BLIP, places=3),
    quiet("quiet-blip-of-the-network", "F12", "20 s without an answer to SYN, over for minutes", "stripe",
          fronts(listens="drop"), course=BLIP),
    quiet("quiet-blip-in-one-place", "F12", "20 s of resets in one location, over for minutes", "stripe",
          fronts(at=("sin",), greets="reset"), course=BLIP, at=("sin",), places=3),
    quiet("quiet-dns-answer-lost", "F11", "one round without DNS answers", "mastercard", names(silent=True), course=LATE_BLIP),
    quiet("quiet-one-slow-probe", "F3", "one read took 0.8 s", "mastercard",
          knob("slow_lists", seconds=0.8), course=LATE_BLIP, symptom=SLOW),
    quiet("quiet-maintenance", "F26", "503 within an agreed maintenance window", "stripe",
          knob("unavailable"), monitor(agreed("release of the gateway, 02:00 to 04:00 UTC")), places=3),
    quiet("quiet-maintenance-resets", "F26", "connections refused within an agreed maintenance window", "mastercard",
          fronts(listens="refuse"), monitor(agreed("move to another data centre"))),
    quiet("quiet-burst-of-declines", "F6", "a minute in which half of the cards lacked funds", "mastercard",
          knob("decline", operation=["authorise", "pay"], decision="insufficient_funds", share=0.5), course="xx........", places=3),
    quiet("quiet-one-of-two-hundred", "F2", "one run of some two hundred failed", "stripe",
          knob("error_before", operation="authorise"), before=28, course="." * 10 + "x" + "." * 6),
    quiet("quiet-renewed", "F9", "the certificate was renewed by the same authority", "mastercard",
          fronts(certificate="renewed"), symptom=CHANGED, places=3),
    quiet("quiet-other-issuer-announced", "F9", "another authority signs the certificate, as announced", "stripe",
          monitor(announced(RENEWAL)), fronts(certificate="other_issuer"), symptom=CHANGED),
    quiet("quiet-load-wobble", "F28", "half again as slow as usual, as in any busy hour", "stripe",
          knob("slow", median_seconds=0.006, sigma=0.4, most_seconds=0.1), symptom=SLOW, places=3),
    quiet("quiet-nothing", "F27", "nothing at all: a false alarm", "mastercard", places=3),
    quiet("quiet-addresses-rotate", "F11", "the name shows one of its two addresses, as load balancing does", "stripe",
          leads(lambda place: (place.gateway[0].address,)), symptom=CHANGED),
)  # fmt: skip
