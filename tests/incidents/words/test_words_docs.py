"""docs/tickets.md says what is so: its examples are what the templates say, and every name a template may use is in its tables."""

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any, get_args, get_type_hints

from docs_page import PAGE, with_examples

from monitor.incidents.words.build import ALERTS_SHOWN, CHECKS_SHOWN, CORRELATIONS_SHOWN
from monitor.incidents.words.check import check
from monitor.incidents.words.grammar import FILTERS, TEMPLATE_MAX_BYTES
from monitor.incidents.words.samples import SAMPLES
from monitor.incidents.words.shipped import sections
from monitor.incidents.words.view import View
from monitor.incidents.words.words import TEXT_MAX

TEXT = PAGE.read_text(encoding="utf-8")


def test_the_examples_are_what_the_shipped_templates_say() -> None:
    assert with_examples(TEXT) == TEXT, "python tests/incidents/words/docs_page.py writes them anew"
    assert TEXT.count("```text\n") == 7


def groups(kind: Any) -> Iterator[type]:
    """Every group of values that a view leads to."""
    for hint in get_type_hints(kind).values():
        for inner in (hint, *get_args(hint)):
            if is_dataclass(inner) and isinstance(inner, type):
                yield inner
                yield from groups(inner)


def table(head: str) -> list[list[str]]:
    """The names in backquotes of each row's two cells, of the table under ``head``."""
    rows = TEXT.split(head)[1].split("\n\n")[0].splitlines()[1:]
    return [re.findall(r"`(\w+)`", cell) for row in rows for cell in row.split("|")[1:3]]


def test_every_name_a_template_may_use_is_listed() -> None:
    cells = table("| name | what |")

    assert {cell[0] for cell in cells[::2] if cell} == {field.name for field in fields(View)}


def test_every_group_lists_its_names() -> None:
    listed = [set(cell) for cell in table("| group | its names |")[1::2] if cell]

    for group in set(groups(View)):
        names = {field.name for field in fields(group)}
        assert any(names <= row for row in listed), group.__name__


def test_the_limits_and_words_it_names_are_those_of_the_code() -> None:
    for said in (
        f"at most {TEMPLATE_MAX_BYTES >> 10} KiB",
        f"{TEXT_MAX:,} characters",
        f"checks concerned, at most {CHECKS_SHOWN}",
        f"fire now, at most {ALERTS_SHOWN}",
        f"newest last, at most {CORRELATIONS_SHOWN}",
        "`join`, `length`, `upper` and `lower`",
    ):
        assert said in " ".join(TEXT.split())
    assert set(FILTERS) == {"join", "length", "upper", "lower"}
    assert {name.partition(".")[0] for name in sections()} <= set(re.findall(r"`(\w+)`", TEXT))
    assert len(SAMPLES) == 6


def test_the_template_it_shows_can_be_used() -> None:
    (shown,) = re.findall(r"```jinja\n(.*?)```", TEXT, re.DOTALL)

    assert check("body.en", shown) == []
