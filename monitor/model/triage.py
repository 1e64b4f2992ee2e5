"""Which layer is it? What was tried, what each try showed, and what follows from it: values between those who try and those who judge."""

from dataclasses import dataclass, field
from enum import StrEnum

from monitor.model.outcome import NetworkReason, Outcome
from monitor.model.result import Phases, TlsFacts
from monitor.model.text import Text


class Layer(StrEnum):
    """Where the first thing goes wrong, in the order a request meets them."""

    US = "us"  # the monitor itself: host, clock, resolver, way out
    NETWORK = "network"  # between us and them: routes, providers, one address of several
    DNS = "dns"
    TLS = "tls"  # their certificate, or the client certificate we show
    EDGE = "edge"  # what stands before the gateway: CDN, load balancer, firewall
    AUTHENTICATION = "authentication"  # token endpoint, credential, signature
    CONFIGURATION = "configuration"  # our request, merchant set-up or rate
    GATEWAY = "gateway"
    ACQUIRER = "acquirer"
    SCHEME = "scheme"
    ISSUER = "issuer"
    NONE = "none"  # nothing is wrong now
    UNKNOWN = "unknown"  # the evidence does not decide


class Symptom(StrEnum):
    """What the incident complains of; each has its runbook."""

    FAILING = "failing"
    SLOW = "slow"
    CHANGED = "changed"  # nothing fails, something is not as it was: certificate, mix of answers, shape


class Experiment(StrEnum):
    """One question to the world. What it is tried on stands in ``Observation.subject``."""

    OWN = "own"  # the monitor's own state: loop lag, clock, descriptors
    REFERENCE = "reference"  # a control target that has nothing to do with the gateway
    LOCATION = "location"  # the same check from another place
    NEIGHBOUR = "neighbour"  # another gateway from the same place
    RESOLVE = "resolve"  # the name, through the resolver the checks use
    RESOLVER = "resolver"  # the name, through another resolver
    CONNECT = "connect"  # plain TCP to one address
    HANDSHAKE = "handshake"  # TCP and TLS to one address, nothing sent
    FRONT_DOOR = "front_door"  # a request without credentials
    ADDRESS = "address"  # the front door through one address of several
    TOKEN = "token"  # noqa: S105 - the step that fetches one
    CREDENTIAL = "credential"  # the same read with a second credential
    STEP = "step"  # one step of a check, by its name
    STRATUM = "stratum"  # one cell: "brand=visa"
    CARD = "card"  # another card of the same brand
    READ = "read"  # steps that only ask
    WRITE = "write"  # steps that change something


@dataclass(frozen=True, slots=True)
class Observation:
    """What one question showed. Texts are redacted already; ``subject`` and ``code`` come from closed sets.

    A summary of several runs has their number in ``runs`` and the bad ones among them in ``bad``; the other fields are then those of the
    latest bad run, or of the latest when none was bad. ``good`` of a summary is false when any run was bad. Where the symptom is SLOW,
    ``seconds`` and ``phases`` of a summary are the runs' medians, phase by phase; a STRATUM or CARD may then be a whole cell as well
    (``brand=visa,card=first``), and an ADDRESS is a summary of exchanges, with the lower quartile in ``seconds``.

    ``subject`` by experiment: OWN ``loop_lag`` (``seconds``: the worst lately), ``clock`` (``seconds``: offset, ours ahead positive),
    ``descriptors``, ``rate`` (good false: we sent more than we promised); REFERENCE the control check; RESOLVE and RESOLVER the name,
    ``code`` in NXDOMAIN, SERVFAIL, REFUSED, EMPTY where one is known; CONNECT, HANDSHAKE and ADDRESS the address; FRONT_DOOR and READ the
    step or path; WRITE and STEP the step; STRATUM and CARD ``name=value``; LOCATION and NEIGHBOUR their names.
    """

    experiment: Experiment
    subject: str
    at: float  # UTC seconds
    source: str  # the location it was seen from
    good: bool | None  # None: it could not be tried, or says nothing
    outcome: Outcome | None = None
    reason: NetworkReason = NetworkReason.NONE
    status: int | None = None  # of HTTP
    code: str = ""  # the gateway's own code: decline code, error cause
    message: str = ""
    seconds: float | None = None
    phases: Phases = Phases()
    address: str = ""
    answers: tuple[str, ...] = ()  # of a resolver
    tls: TlsFacts | None = None
    content: str = ""  # json, html, text, empty
    traits: tuple[tuple[str, str], ...] = ()
    correlation: str = ""  # the gateway's own id of the exchange
    step: str = ""  # the step that went bad, where the subject is not one
    runs: int = 1
    bad: int = 0
    run_id: str = ""
    after: int = 0  # good runs since the latest bad one: says whether it is over
    mix: tuple[tuple[str, int], ...] = ()  # bad runs by "outcome" or "outcome code", commonest first; empty: all alike


@dataclass(frozen=True, slots=True)
class Case:
    """Everything known of one incident's trouble at one instant: what ``triage.judge`` decides from.

    ``tried``: questions asked because of it. ``recent``: summaries of the runs since shortly before ``since``, by step, stratum, location
    and neighbouring target. ``before``: the last good run of the same check, step by step (STEP), what its name resolved to (RESOLVE), and,
    where the symptom is SLOW, what each STRATUM and CARD took, for comparison. What was not tried is left out, or stands with ``good=None`` and the reason in ``message``.
    """

    target: str
    symptom: Symptom
    since: float
    at: float
    location: str
    tried: tuple[Observation, ...] = ()
    recent: tuple[Observation, ...] = ()
    before: tuple[Observation, ...] = ()
    maintenance: str = ""  # the agreed window that covers it now, by its reason
    changes: tuple[Text, ...] = ()  # of our configuration, and what was announced, shortly before ``since``


@dataclass(frozen=True, slots=True)
class Facts:
    """What there is to try at a target: from its configuration and its checks. Names, never secrets."""

    target: str
    host: str
    addresses: tuple[str, ...] = ()  # it resolves to, as last seen
    tls: bool = True
    front_door: str = ""  # a step or path that needs no credential; "": there is none
    token: str = ""  # the step, or the authorisation service, that gives tokens
    second_credential: bool = False
    second_resolver: bool = False
    controls: tuple[str, ...] = ()  # control checks
    reads: tuple[str, ...] = ()  # steps that only ask and can be asked by themselves


@dataclass(frozen=True, slots=True)
class Question:
    """One experiment to make now, and what to try it on."""

    experiment: Experiment
    subject: str


class Mark(StrEnum):
    """How one step of a runbook ended."""

    PASSED = "passed"
    FAILED = "failed"
    UNSURE = "unsure"  # tried, and it does not decide
    SKIPPED = "skipped"  # not tried: no budget, nothing to try it on, or decided before


@dataclass(frozen=True, slots=True)
class Finding:
    """One step of a runbook, filled in: the question, how it ended, and what was measured."""

    step: str  # its name in the runbook: "dns"
    question: Text
    mark: Mark
    said: Text  # the measured values, with units
    at: float
    source: str


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The verdict: the first layer that fails while all before it pass, how sure that is, and what speaks against it."""

    layer: Layer
    confidence: float  # 0 to 1: how often such evidence has been right on the labelled bench; 0 where nothing is decided
    at: float
    took_seconds: float
    runbook: str  # "failing", "slow"
    summary: Text  # one sentence
    where: str = ""  # the part that is hit: "brand=visa", "203.0.113.7", "fra", "search"
    findings: tuple[Finding, ...] = ()
    against: tuple[Text, ...] = ()
    next_step: Text = Text("")
    owner: str = ""  # who acts: monitoring, client, our network, gateway, acquirer, scheme, issuer; "" where nobody has to
    do_not: tuple[Text, ...] = ()
    correlations: tuple[str, ...] = ()  # the gateway's own ids, newest last, for its support
    likely: tuple[tuple[Layer, float], ...] = field(default=())  # other layers that remain possible, with their weights
    cause: str = ""  # what is wrong there, from the closed set of ``monitor/triage/causes.yaml``: "certificate_expired"
    code: str = ""  # the commonest code of the failures: the gateway's own word, else its HTTP status, else the network's reason
