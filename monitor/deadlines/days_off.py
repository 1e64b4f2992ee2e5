"""Public holidays of a country, and the weekend days on which it works instead.

What comes from a rule ("May 1") is known for ever; what a government announces year by year is not. ``holidays`` says nothing by
itself about a year it has no announcement for: it then gives what the rules alone give. Three things tell such a year: the country
redraws its working weeks by announcement and that year has none on record; a date is marked as estimated, as those of a sighted moon
are; or the year lies outside of what the country's data covers at all.
"""

from datetime import date
from functools import lru_cache
from typing import NamedTuple

#: ``holidays`` marks a date that nobody has announced yet with this word, in English.
_ESTIMATED = "estimated"


class DaysOff(NamedTuple):
    """One year of one country. ``official``: whether its data covers the year, or the rules alone were asked."""

    closed: frozenset[date]
    working: frozenset[date]  # days of a weekend that are worked
    official: bool


@lru_cache(maxsize=256)
def days_off(country: str, subdivision: str, year: int) -> DaysOff:
    """``country`` in ISO 3166-1 alpha-2 ("CN"), ``subdivision`` "" or in its ISO 3166-2 part ("BY"). Raises ValueError."""
    # An eighth of a second to import: only who names a country pays for it.
    import holidays

    check_country(country, subdivision)
    supported = holidays.country_holidays(country).supported_languages
    language = next((one for one in ("en_US", "en_GB", "en") if one in supported), None)
    year_of = holidays.country_holidays(country, subdiv=subdivision or None, years=year, language=language)
    return DaysOff(
        closed=frozenset(day for day in year_of if day.year == year),
        working=frozenset(day for day in year_of.weekend_workdays if day.year == year),
        official=year_of.start_year <= year <= min(year_of.end_year, _last_announced(year_of))
        and not any(_ESTIMATED in name.lower() for name in year_of.values()),
    )


def check_country(country: str, subdivision: str = "") -> None:
    """Raises ValueError with a sentence fit for the operator when there is no such calendar."""
    import holidays

    known = holidays.list_supported_countries()
    if country not in known:
        raise ValueError(f'expected a country like "CN" (ISO 3166-1), got {country!r}')
    if subdivision and subdivision not in known[country]:
        raise ValueError(f"expected a part of {country} among {', '.join(known[country]) or 'none'}, got {subdivision!r}")


def _last_announced(country: object) -> float:
    """The latest year with exchanged working days on record; without end where weeks are not redrawn at all."""
    if not getattr(country, "has_substituted_holidays", False):
        return float("inf")
    announced = getattr(country, "special_public_holidays", {})
    # An exchange has four parts or five: the day off, and the day worked for it. Three are a day off with its name.
    years = [year for year, days in announced.items() if any(len(day) >= 4 for day in _each(days))]
    return max(years, default=float("inf"))


def _each(days: tuple[object, ...]) -> tuple[tuple[object, ...], ...]:
    """One day is written without the brackets that several have."""
    return days if days and isinstance(days[0], tuple) else (days,)  # type: ignore[return-value]
