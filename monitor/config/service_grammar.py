"""What may stand in paycanary.yaml. Each model is the shape of one mapping; defaults are those of the service."""

from typing import Annotated, Any, Literal

from pydantic import Field

from monitor.config.check_grammar import StepBlock
from monitor.config.deadline_grammar import DeadlinesBlock
from monitor.config.fields import Label, Length, Name, Number, OneOrMany, Strict, Title, Variable
from monitor.config.limits import BudgetBlock
from monitor.config.route_grammar import RouteBlock
from monitor.model.check import OPEN_AT_ONCE
from monitor.model.secret import Secret
from monitor.model.units import Duration, Size


class HeartbeatBlock(Strict):
    """Where to say "still alive and still probing": a service outside this machine that calls somebody when it stops."""

    url: str
    every: Length = 30.0
    allow_private: list[str] = Field(default_factory=list)


class Retention(Strict):
    results: Length = 90 * 86_400.0
    evidence: Length = 14 * 86_400.0


class Auth(Strict):
    """A bearer token for the HTTP interface."""

    token: Secret


class ServiceTls(Strict):
    cert_file: str
    key_file: str


class TriageBlock(Strict):
    """Whether a suspicion is looked into by asking: front door, addresses, certificate, references, a second credential."""

    enabled: bool = True


class ServiceBlock(Strict):
    """The service itself."""

    install: Name = "paycanary"
    location: Name = "local"
    data: str = "data"
    listen: str = "127.0.0.1:8710"
    auth: Auth | None = None
    tls: ServiceTls | None = None
    behind_proxy: bool = False
    max_in_flight: int = Field(default=256, ge=1, le=100_000)
    heartbeat: HeartbeatBlock | None = None
    retention: Retention = Field(default_factory=Retention)
    reopen_window: Duration = 3_600.0
    second_resolver: str | None = None
    triage: TriageBlock = Field(default_factory=TriageBlock)
    regulators: OneOrMany = Field(default_factory=list)


class Include(Strict):
    """Files that belong to this one: globs, relative to it."""

    checks: OneOrMany = Field(default=["checks/*.yaml"])
    rules: OneOrMany = Field(default=["alert_rules/*.yaml"])


class TlsBlock(Strict):
    ca_file: str | None = None
    client_cert_file: str | None = None
    client_key_file: str | None = None
    server_name: str | None = None
    minimum: Literal["1.2", "1.3"] = "1.2"
    verify: bool = True


class Idempotency(Strict):
    header: str = Field(default="Idempotency-Key", pattern=r"^[A-Za-z0-9-]+$")
    keep: Length = 86_400.0


class CapsBlock(Strict):
    """The most synthetic money that may move there: amounts like "1.00 USD", one for each currency."""

    per_step: OneOrMany = Field(default_factory=list)
    per_day: OneOrMany = Field(default_factory=list)
    open_at_once: int = Field(default=OPEN_AT_ONCE, ge=1, le=10_000)


class TargetBlock(Strict):
    """A gateway environment."""

    title: Title | None = None
    base_url: str
    dialect: str = "plain"
    signer: dict[str, Any] | None = None
    live: bool = False
    allow_private: list[str] = Field(default_factory=list)
    tls: TlsBlock = Field(default_factory=TlsBlock)
    headers: dict[str, str] = Field(default_factory=dict)
    timeout: Length = 30.0
    max_concurrency: int = Field(default=16, ge=1, le=10_000)
    body_limit: Size = 1 << 20
    reuse_connections: bool = False
    customers_per_minute: Annotated[Number, Field(gt=0)] | None = None
    settle: Duration = 5.0
    idempotency: Idempotency | None = None
    caps: CapsBlock = Field(default_factory=CapsBlock)
    budget: BudgetBlock = Field(default_factory=BudgetBlock)
    depends_on: OneOrMany = Field(default_factory=list)
    front_door: str | None = Field(default=None, pattern=r"^/[!-~]*$")
    second_credential: dict[str, Any] | None = None
    regulators: OneOrMany = Field(default_factory=list)
    shares: OneOrMany = Field(default_factory=list)
    labels: dict[Variable, Label] = Field(default_factory=dict)


class MaintenanceBlock(Strict):
    """Either one window (``from``, ``to``) or a recurring one (``every``, ``at``, ``lasts``), in the clock of ``zone``."""

    reason: str = Field(min_length=1, max_length=500)
    zone: str = "UTC"
    from_: str | None = Field(default=None, alias="from")
    to: str | None = None
    every: Literal["day", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] | None = None
    at: str | None = Field(default=None, pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    lasts: Length | None = None
    targets: OneOrMany = Field(default_factory=list)
    checks: OneOrMany = Field(default_factory=list)


class WordsBlock(Strict):
    """A team's own templates of what people read, in place of the shipped ones: ``body.en.j2``, ``notice.zh.j2``."""

    dir: str = Field(min_length=1)


class ServiceFile(Strict):
    """The main file, paycanary.yaml."""

    service: ServiceBlock = Field(default_factory=ServiceBlock)
    include: Include = Field(default_factory=Include)
    targets: dict[Name, TargetBlock] = Field(default_factory=dict)
    desks: dict[Name, dict[str, Any]] = Field(default_factory=dict)
    maintenance: list[MaintenanceBlock] = Field(default_factory=list)
    deadlines: DeadlinesBlock | None = None
    routes: list[RouteBlock] = Field(default_factory=list)
    words: WordsBlock | None = None
    modules: dict[Name, StepBlock] = Field(default_factory=dict)
