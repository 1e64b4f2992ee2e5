"""A team's own templates: what they may say, what is refused and where, and that nothing they are told becomes a template again."""

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.incidents.words import Words
from monitor.incidents.words.build import LINES_SHOWN, view
from monitor.incidents.words.check import OVERRIDABLE, check
from monitor.incidents.words.grammar import LOOPS_DEEP, TEMPLATE_MAX_BYTES
from monitor.incidents.words.plain import VALUE_MAX, plain
from monitor.incidents.words.samples import NEWS, SAMPLES
from monitor.incidents.words.shipped import LANGUAGES, NAMES, sections, sources
from monitor.incidents.words.view import View
from monitor.incidents.words.words import TEXT_MAX, TITLE_MAX
from monitor.model.extent import Part
from monitor.model.incident import CommandKind, Incident
from monitor.model.text import Text

OPENED, TRIAGED = SAMPLES["opened"], SAMPLES["triaged"]


def test_a_template_of_a_team_takes_the_place_of_the_shipped_one_in_its_language_alone() -> None:
    words = Words({"title.en": "[{{ severity }}] {{ target }}{% if lead %} {{ lead.title|lower }}{% endif %}"})

    assert words.title(OPENED) == Text("[P1] northgate gateway failing", "northgate：网关交易失败（brand=visa）")


def test_a_template_may_add_to_what_is_shipped() -> None:
    words = Words({"body.en": "{{ shipped }}\n\nRunbook: https://wiki.example.com/northgate"})

    assert words.body(OPENED).en == f"{Words().body(OPENED).en}\n\nRunbook: https://wiki.example.com/northgate"


def test_a_template_may_include_shipped_sections() -> None:
    words = Words({"notice.en": '{% include "impact.en" %}'})

    assert words.notice(TRIAGED).en.startswith("Impact so far:\n- customers' payments that fail: 50 %")


@pytest.mark.parametrize("name", [f"{name}.{language}" for name in NAMES for language in LANGUAGES])
def test_the_shipped_templates_keep_their_own_rules(name: str) -> None:
    assert check(name, sources()[name]) == []


def test_what_may_be_written_anew_is_the_six_texts_in_two_languages() -> None:
    assert {name for name in sources() if name not in sections()} == set(OVERRIDABLE)


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{{ verdikt.layer }}", "expected a name that exists here, got 'verdikt'"),
        ("{{ began.att }}", "expected a name that exists here, got 'att'"),
        ("{{ title.__class__.__mro__ }}", "expected something that has parts before .__class__"),
        ("{{ began.__class__ }}", "expected a name that exists here, got '__class__'"),
        ("{{ title['x'] }}", 'got "getitem"'),
        ("{{ title.upper() }}", 'got "call"'),
        ("{{ 'x' * 999999999 }}", 'got "mul"'),
        ("{{ '%999999999d' % 1 }}", 'got "mod"'),
        ("{{ 9 ** 9 ** 9 }}", 'got "pow"'),
        ("{{ title|replace('a', 'b') }}", "expected one of the filters"),
        ("{{ title|join(title) }}", "expected a list before |join"),
        ("{{ checks|join(title) }}", 'expected join with one text, like join(", ")'),
        ("{{ alerts|join }}", "expected a list before |join"),
        ("{{ alerts }}", "got a list: write a loop, or |join"),
        ("{{ began }}", "got a group of values: name one of them"),
        ("{{ open }}", "got yes or no"),
        ("{% for one in title %}{% endfor %}", "expected a list of the view to go over"),
        ("{% for a, b in alerts %}{% endfor %}", "expected one name for what a loop goes over"),
        ("{% for one in alerts recursive %}{% endfor %}", 'expected a loop that is not "recursive"'),
        ("{% set x = title ~ title %}", 'got "assign"'),
        ("{% macro m() %}{% endmacro %}", 'got "macro"'),
        ("{% filter upper %}x{% endfilter %}", 'got "filterblock"'),
        ("{% include title %}", "expected the name of a section that is shipped"),
        ("{% include 'body.en' %}", "expected the name of a section that is shipped"),
        ("{% extends 'body.en' %}", 'got "extends"'),
        ("{% import 'body.en' as b %}", 'got "import"'),
        ("{% for one in checks %}{% include 'impact.en' %}{% endfor %}", "outside of loops"),
        ("{% if open %}", "expected a template that Jinja can read"),
        ("{{ 'unclosed }}", "expected a template that Jinja can read"),
        ("{{ verdict.layer }}", "cannot: 'None' has no attribute 'layer'"),
        ("{% if verdict %}only then{% endif %}", "expected some text for every incident"),
    ],
)
def test_a_template_that_could_harm_or_fail_is_refused_with_its_line(template: str, said: str) -> None:
    faults = check("body.en", "first line\n" + template if "only then" not in template else template)

    assert any(said in fault.message for fault in faults), faults
    assert all(fault.line in (0, 2) for fault in faults)


def test_loops_are_bounded_in_depth_and_templates_in_size() -> None:
    deep = "{% for a in alerts %}" * (LOOPS_DEEP + 1) + "x" + "{% endfor %}" * (LOOPS_DEEP + 1)

    assert [fault.message for fault in check("body.en", deep)] == [f"expected loops at most {LOOPS_DEEP} deep"]
    assert "KiB of template" in check("body.en", "x" * (TEMPLATE_MAX_BYTES + 1))[0].message
    assert "Jinja can read" in check("body.en", "{{ " + "(" * 5_000 + "title" + ")" * 5_000 + " }}")[0].message


def test_the_longest_text_a_template_can_make_is_cut() -> None:
    page = "y" * 6_000
    template = "{% for a in verdict.tried %}{% for b in checks %}" + page + "{% endfor %}{% endfor %}x"
    words = Words({"notice.en": template})

    assert len(words.notice(TRIAGED).en) == TEXT_MAX + 1


def test_a_template_that_fails_all_the_same_gives_way_to_the_shipped_one() -> None:
    """Checked on samples only: an incident of another make may still surprise it, and is told all the same."""
    words = Words({"title.en": "{{ verdict.layer }}"})

    assert words.title(OPENED) == Words().title(OPENED)


def lists(kind: Any) -> Iterator[tuple[Any, str, int]]:
    """Every list in a view, with its name and length."""
    for field in fields(kind):
        value = getattr(kind, field.name)
        if isinstance(value, tuple):
            yield kind, field.name, len(value)
        for inner in value if isinstance(value, tuple) else (value,):
            if is_dataclass(inner):
                yield from lists(inner)


def test_every_list_of_a_view_is_bounded_whatever_the_incident_holds() -> None:
    many = tuple(Part("stratum", f"card={number}", 5, 1) for number in range(500))
    texts = tuple(Text(str(number)) for number in range(500))
    assert TRIAGED.diagnosis is not None
    assert TRIAGED.extent is not None
    incident = replace(
        TRIAGED,
        checks=tuple(f"c{number}" for number in range(500)),
        children=tuple(f"i{number}" for number in range(500)),
        diagnosis=replace(
            TRIAGED.diagnosis,
            findings=TRIAGED.diagnosis.findings * 100,
            against=texts,
            do_not=texts,
            correlations=tuple(map(str, range(500))),
        ),
        extent=replace(
            TRIAGED.extent,
            parts=many,
            nearby=TRIAGED.extent.nearby * 500,
            similar=TRIAGED.extent.similar * 500,
            regulators=TRIAGED.extent.regulators * 500,
        ),
    )

    found = list(lists(view(incident, "en", NEWS)))
    assert len(found) >= 20
    assert max(length for _, _, length in found) <= LINES_SHOWN


def plain_types(kind: Any) -> Iterator[Any]:
    if is_dataclass(kind):
        for hint in get_type_hints(kind).values():
            yield from plain_types(hint)
    elif get_args(kind):
        assert get_origin(kind) is not dict
        for inner in get_args(kind):
            yield from plain_types(inner)
    elif kind is not Ellipsis:
        yield kind


def test_a_view_holds_texts_numbers_and_yes_or_no_alone() -> None:
    """Nothing in it leads anywhere: no object of ours, no function."""
    assert set(plain_types(View)) == {str, int, bool, type(None)}


HOSTILE = st.sampled_from(
    [
        "{{7*7}}",
        "{{ verdict }}{% for a in alerts %}x{% endfor %}",
        "{# hidden #}",
        "line\nline\r\nline\u2028line",
        "\x00\x07\x1b[31m",
        "\u202egnp.exe\u2066",
        "a\u200bb\ufeff",
        "\ud800",
        "5123450000000008",
        "x" * 50_000,
        "<script>",
    ]
) | st.text(max_size=60)


def said_by(message: str) -> Incident:
    """An incident in which ``message`` stands wherever words of others can stand."""
    text = Text(message, message)
    alerts = {
        name: replace(alert, title=text, summary=text, evidence=dict.fromkeys(alert.evidence, message))
        for name, alert in TRIAGED.alerts.items()
    }
    assert TRIAGED.diagnosis is not None
    findings = tuple(replace(one, said=text, question=text) for one in TRIAGED.diagnosis.findings)
    diagnosis = replace(
        TRIAGED.diagnosis, summary=text, next_step=text, against=(text,), findings=findings, correlations=(message,)
    )
    return replace(TRIAGED, alerts=alerts, diagnosis=diagnosis, acknowledged_by=message, assignee=message)


@settings(max_examples=60, deadline=None)
@given(HOSTILE)
def test_words_of_others_stay_one_line_of_visible_text_and_are_never_rendered(message: str) -> None:
    words, incident = Words(), said_by(message)
    for text in (
        words.title(incident),
        words.body(incident),
        words.comment([Text(message, message)], incident),
        words.comment([Text(message, message)], incident, CommandKind.RESOLVE),
        words.vendor(incident),
    ):
        for told in (text.en, text.zh):
            assert all(line.isprintable() for line in told.split("\n"))
            assert not re.search(r"\{[{%#]|5123450000000008", told)
            assert len(told) <= TEXT_MAX + 1


def test_what_a_gateway_says_is_never_filled_in_as_a_template() -> None:
    body = Words({"body.en": "{{ shipped }}"}).body(said_by("{{7*7}} {% if x %}"))

    assert "last message: { {7*7} } { % if x % }" in body.en
    assert "最近信息：{ {7*7} } { % if x % }" in body.zh


@settings(max_examples=200, deadline=None)
@given(HOSTILE)
def test_a_value_is_one_printable_line_of_bounded_length_and_cleaning_it_twice_changes_nothing(message: str) -> None:
    once = plain(message)

    assert once.isprintable()
    assert len(once) <= VALUE_MAX
    assert plain(once) == once


@settings(max_examples=40, deadline=None)
@given(HOSTILE)
def test_a_title_is_one_line(message: str) -> None:
    title = Words().title(said_by(message))

    assert "\n" not in title.en
    assert len(title.en) <= TITLE_MAX


def test_a_new_ticket_promises_a_verdict_only_where_triage_runs() -> None:
    assert "Triage is under way" in Words().body(OPENED).en
    assert "Triage" not in Words(triages=False).body(OPENED).en
    assert "Triage" not in Words().body(replace(OPENED, revision=2)).en


def test_a_verdict_is_told_at_length_once() -> None:
    words = Words()
    again = replace(TRIAGED, told_at=TRIAGED.changed + 3_600)

    assert "What was tried" in words.comment(NEWS, TRIAGED).en
    assert words.comment(NEWS, again) == NEWS[0]
