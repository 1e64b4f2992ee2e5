"""References by time: a run's id begins with its milliseconds in base 32, so a span of time is a few prefixes."""

#: The time of a reference: ten digits of five bits, Crockford's base 32 in lower case (github.com/ulid/spec).
_DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"
_TIME_DIGITS = 10
#: A prefix of five digits spans 2**25 ms: 9.3 h, so that a day is four questions where little happens.
_FIRST_DIGITS = 5


def _written(milliseconds: int, digits: int) -> str:
    number = milliseconds >> 5 * (_TIME_DIGITS - digits)
    return "".join(_DIGITS[number >> 5 * place & 31] for place in reversed(range(digits)))


def made(prefix: str, reference: str) -> float | None:
    """When ``reference`` was made, in UTC seconds; None for one that tells no time."""
    digits = reference.removeprefix(prefix)[:_TIME_DIGITS]
    if not reference.startswith(prefix) or len(digits) < _TIME_DIGITS or not set(digits) <= set(_DIGITS):
        return None
    number = 0
    for digit in digits:
        number = number << 5 | _DIGITS.index(digit)
    return number / 1000


def spans(prefix: str, since: float, until: float) -> list[str]:
    """The prefixes that between them cover every reference made in [since, until], oldest last."""
    width = 1 << 5 * (_TIME_DIGITS - _FIRST_DIGITS)
    first, last = (max(0, int(at * 1000)) // width for at in (since, until))
    return [prefix + _written(step * width, _FIRST_DIGITS) for step in range(last, first - 1, -1)]


def narrower(prefix: str) -> list[str]:
    """The 32 prefixes that make up ``prefix``."""
    return [prefix + digit for digit in _DIGITS]
