"""Card numbers: length, issuer range and check digit together.

The check digit alone passes one random number in ten; with issuer range and length it is one in thirty at 16 digits, and
none of the epoch times in seconds, milliseconds, microseconds or nanoseconds, which all begin with 1. Ranges follow
ISO/IEC 7812 and the schemes' own published tables.
"""

from functools import lru_cache

MIN_DIGITS, MAX_DIGITS = 12, 19
#: With fewer digits hidden than this, the check digit and a short search give the number back.
MIN_HIDDEN = 5
_SIXTEEN = frozenset({16})
_UP_TO_19 = frozenset(range(16, 20))
_ANY = frozenset(range(MIN_DIGITS, MAX_DIGITS + 1))

#: (first prefix, last prefix, lengths): both prefixes have the same number of digits.
_RANGES: tuple[tuple[str, str, frozenset[int]], ...] = (
    ("4", "4", frozenset({13, 16, 18, 19})),  # Visa, V Pay, Electron
    ("51", "55", _SIXTEEN),  # Mastercard
    ("2221", "2720", _SIXTEEN),  # Mastercard
    ("34", "34", frozenset({15})),  # American Express
    ("37", "37", frozenset({15})),  # American Express
    ("300", "305", frozenset(range(14, 20))),  # Diners Club
    ("3095", "3095", frozenset(range(14, 20))),  # Diners Club
    ("36", "36", frozenset(range(14, 20))),  # Diners Club
    ("38", "39", frozenset(range(14, 20))),  # Diners Club
    ("3528", "3589", _UP_TO_19),  # JCB, LankaPay
    ("353", "356", _SIXTEEN),  # RuPay with JCB
    ("6011", "6011", _UP_TO_19),  # Discover
    ("644", "659", _UP_TO_19),  # Discover, Troy, RuPay, Elo, Verve
    ("60", "60", _SIXTEEN),  # RuPay, Hipercard
    ("62", "62", _UP_TO_19),  # UnionPay
    ("81", "82", _UP_TO_19),  # UnionPay, RuPay
    ("2200", "2204", _UP_TO_19),  # Mir
    ("50", "50", _ANY),  # Maestro, Verve, Elo, Dankort
    ("56", "58", _ANY),  # Maestro
    ("6304", "6304", _ANY),  # Maestro
    ("6390", "6390", _ANY),  # Maestro
    ("67", "67", _ANY),  # Maestro, Bancontact
    ("636", "636", _UP_TO_19),  # InterPayment, Elo
    ("627", "628", _SIXTEEN),  # Elo, UnionPay
    ("8600", "8600", _SIXTEEN),  # UzCard
    ("9860", "9860", _SIXTEEN),  # Humo
    ("9792", "9792", _SIXTEEN),  # Troy
)
_DOUBLED = bytes(2 * d - 9 if d > 4 else 2 * d for d in range(10))


@lru_cache(maxsize=10_000)
def _lengths(prefix: str) -> frozenset[int]:
    found: frozenset[int] = frozenset()
    for first, last, lengths in _RANGES:
        if first <= prefix[: len(first)] <= last:
            found |= lengths
    return found


def issued(digits: str) -> bool:
    """Whether the number lies in an issuer's range, at a length that issuer uses."""
    return len(digits) in _lengths(digits[:4])


def luhn(digits: str) -> bool:
    """ISO/IEC 7812-1 annex B: from the right, every second digit counts double."""
    numbers = [ord(digit) - 48 for digit in digits]
    return (sum(numbers[-1::-2]) + sum(_DOUBLED[n] for n in numbers[-2::-2])) % 10 == 0


def is_card(digits: str) -> bool:
    """``digits`` are ASCII digits only. UnionPay cards are masked even when the check digit is wrong: some issuers do not use it."""
    return issued(digits) and (digits.startswith("62") or luhn(digits))


def mask(digits: str) -> str:
    """First six and last four, the most PCI DSS 3.4.1 lets a person see; less when too little would stay hidden."""
    hidden = len(digits) - 10
    return f"{digits[:6]}{'*' * hidden}{digits[-4:]}" if hidden >= MIN_HIDDEN else digits[:6] + "*" * (len(digits) - 6)
