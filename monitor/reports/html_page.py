"""One self-contained page: no script, no fonts or images from elsewhere; it prints on A4."""

from collections.abc import Sequence
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from monitor.model.text import Text
from monitor.model.units import show_seconds
from monitor.reports import phrases
from monitor.reports.csv_table import verdict
from monitor.reports.statement import Statement
from monitor.reports.strip import day_strip
from monitor.sla.availability import show_percent

#: BCP 47 tags of the languages a page can be in.
TAGS = {"en": "en", "zh": "zh-Hans"}


def render(statement: Statement, languages: Sequence[str]) -> dict[str, bytes]:
    """One file by name."""
    page = _template().render(
        statement=statement,
        words=phrases,
        say=lambda text: say(text, languages),
        each=lambda text: [say(text, [language]) for language in languages],
        language=TAGS[languages[0]],
        percent=show_percent,
        lasted=lasted,
        latency=show_seconds,
        share=share,
        local=lambda instant: phrases.local(instant, statement.zone),
        strip=day_strip,
        verdict=verdict,
    )
    return {f"availability-{statement.month}.html": page.encode()}


def say(text: Text, languages: Sequence[str]) -> Markup:
    """The text in each language, each marked as such; said once where both are the same."""
    said = dict.fromkeys(text.in_(language) for language in languages)
    spans = (
        Markup('<span lang="{}">{}</span>').format(TAGS[language], words)
        for words, language in zip(said, languages, strict=False)
    )
    return Markup('<span class="slash"> / </span>').join(spans)


def lasted(seconds: int) -> str:
    """Whole seconds as a person says them."""
    return f"{seconds} s" if seconds < 60 else show_seconds(seconds)


def share(ratio: float | None) -> str:
    """Four places: three nines and a half is a figure people argue about."""
    return "–" if ratio is None else f"{ratio * 100:.4f} %"


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("monitor.reports"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("availability.html")
