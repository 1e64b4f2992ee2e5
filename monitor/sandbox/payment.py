"""One payment and its history. Every total is folded from the entries, so the state at any past instant can be told."""

from dataclasses import dataclass, field, replace
from enum import StrEnum

from monitor.model.money import Money
from monitor.sandbox.cards import Card, Decision


class Kind(StrEnum):
    AUTHORISATION = "authorisation"
    PAYMENT = "payment"  # authorised and captured in one exchange
    CAPTURE = "capture"
    REFUND = "refund"
    VOID = "void"
    RELEASE = "release"  # a hold given back: what a final capture left over, or a hold that grew too old
    VERIFICATION = "verification"


@dataclass(frozen=True, slots=True)
class Entry:
    """One attempt to move money, as it ended. ``number`` is its place in the payment's history."""

    number: int
    id: str
    kind: Kind
    amount: Money
    at: float
    decision: Decision = Decision.APPROVED
    target: int | None = None  # the entry a void or release takes back
    reference: str = ""  # the caller's own word for it
    card: Card | None = None

    @property
    def approved(self) -> bool:
        return self.decision is Decision.APPROVED


@dataclass(slots=True)
class Payment:
    """An order (Mastercard Gateway) or a PaymentIntent (Stripe)."""

    id: str
    dialect: str
    amount: Money
    created: float
    reference: str = ""
    manual: bool = True  # captured by a call of its own
    card: Card | None = None
    method: str = ""
    metadata: dict[str, str] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)

    def as_of(self, instant: float) -> "Payment | None":
        """What a reader saw who was told of nothing later than ``instant``."""
        if self.created > instant:
            return None
        return replace(self, entries=[entry for entry in self.entries if entry.at <= instant])

    def find(self, entry_id: str) -> Entry | None:
        """The latest entry of that id; one that still stands before one that was taken back."""
        taken_back = self.taken_back
        matching = [entry for entry in self.entries if entry.id == entry_id]
        return max(matching, key=lambda entry: (entry.number not in taken_back, entry.number), default=None)

    @property
    def taken_back(self) -> set[int]:
        return {entry.target for entry in self.entries if entry.kind is Kind.VOID and entry.approved and entry.target is not None}

    def standing(self, *kinds: Kind) -> list[Entry]:
        """Entries of these kinds that were approved and not voided since."""
        taken_back = self.taken_back
        return [entry for entry in self.entries if entry.kind in kinds and entry.approved and entry.number not in taken_back]

    def total(self, *kinds: Kind) -> int:
        return sum(entry.amount.minor for entry in self.standing(*kinds))

    @property
    def authorised(self) -> int:
        return self.total(Kind.AUTHORISATION, Kind.PAYMENT)

    @property
    def captured(self) -> int:
        return self.total(Kind.CAPTURE, Kind.PAYMENT)

    @property
    def refunded(self) -> int:
        return self.total(Kind.REFUND)

    @property
    def held(self) -> int:
        """Minor units that the cardholder cannot spend and the merchant does not have."""
        return self.total(Kind.AUTHORISATION) - self.total(Kind.CAPTURE, Kind.RELEASE)

    @property
    def kept(self) -> int:
        """Minor units that the merchant has been paid and has not given back."""
        return self.captured - self.refunded

    @property
    def open(self) -> bool:
        return bool(self.held or self.kept)

    @property
    def attempts(self) -> list[Entry]:
        """Requests to the cardholder's bank, whatever came of them."""
        return [entry for entry in self.entries if entry.kind in (Kind.AUTHORISATION, Kind.PAYMENT, Kind.VERIFICATION)]

    @property
    def cancelled(self) -> Entry | None:
        """The entry that ended the payment with nothing charged."""
        last = self.entries[-1] if self.entries else None
        ended = last is not None and last.kind in (Kind.VOID, Kind.RELEASE) and not self.held and not self.captured
        return last if ended else None
