"""Templates: holes are filled with data, encoded for their place, and never expanded again."""

from decimal import Decimal
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.model.check import ExpressionError
from monitor.transactions.template import OUTPUT_MAX, Place, TemplateSyntax, compile_template

PLACES = {"path": Place.PATH, "headers": Place.HEADER}


def render(value, **scope):
    return compile_template(value, PLACES).render(scope)


def test_a_request_without_holes_is_the_same_object_each_time():
    template = compile_template({"path": "/a", "json": {"x": [1, "y"]}}, PLACES)
    assert template.constant
    assert template.render({}) is template.render({"x": 1})
    assert {"path": "/a", "json": {"x": [1, "y"]}} == template.render({})
    assert frozenset() == template.names


def test_holes_are_filled_in_nested_values():
    request = {
        "method": "POST",
        "path": "/orders/${run.reference}",
        "form": {"amount": 100, "metadata": {"canary": "${run.reference}"}, "list": ["${n}", "x"], "plain": {"a": 1}},
    }
    filled = render(request, run={"reference": "pc-1"}, n=5)
    assert "/orders/pc-1" == filled["path"]
    assert {"amount": 100, "metadata": {"canary": "pc-1"}, "list": [5, "x"], "plain": {"a": 1}} == filled["form"]
    assert frozenset({"run.reference", "n"}) == compile_template(request, PLACES).names


@pytest.mark.parametrize("kept", [1, Decimal("1.10"), True, None, "text", [1, {"a": "b"}], {"a": [None, False]}, 2**80])
def test_a_value_that_is_one_hole_keeps_the_type_of_what_fills_it(kept):
    assert kept == render({"json": {"x": "${v}"}}, v=kept)["json"]["x"]


@pytest.mark.parametrize(("v", "text"), [(1, "1"), (Decimal("1.10"), "1.10"), (True, "true"), (False, "false"), ("a", "a")])
def test_scalars_stand_inside_text(v, text):
    assert f"<{text}>" == render({"body": "<${v}>"}, v=v)["body"]


@pytest.mark.parametrize("v", [None, [1], {"a": 1}])
def test_nothing_and_lists_cannot_stand_inside_text(v):
    with pytest.raises(ExpressionError, match="cannot stand inside text"):
        render({"body": "<${v}>"}, v=v)


def test_a_hole_may_choose_with_an_expression():
    number = '${stratum.brand == "visa" ? "4}" : {"mastercard": "5"}[stratum.brand]}'
    assert "4}" == render({"json": {"n": number}}, stratum={"brand": "visa"})["json"]["n"]
    assert "5" == render({"json": {"n": number}}, stratum={"brand": "mastercard"})["json"]["n"]


def test_two_dollars_are_the_characters_themselves():
    assert "${x} costs $5 and ${x}!" == render({"body": "$${x} costs $5 and $${x}!"})["body"]
    assert "a${b}c" == render({"body": "a$${b}${c}"}, c="c")["body"]
    assert "" == render({"body": ""})["body"]


@pytest.mark.parametrize(
    ("value", "message", "path"),
    [
        ({"body": "${"}, "is not closed", ("body",)),
        ({"body": "a ${b"}, "is not closed", ("body",)),
        ({"body": "${ }"}, "expected a name", ("body",)),
        ({"json": {"a": ["${a b}"]}}, "", ("json", "a", 0)),
        ({"${x}": 1}, "a field's name cannot have holes", ("${x}",)),
        ({"form": {"${x}": 1}}, "a field's name cannot have holes", ("form", "${x}")),
        ({"headers": {"X-A": "a\nb"}}, "line break", ("headers", "X-A")),
    ],
)
def test_a_mistake_says_where_it_is(value, message, path):
    with pytest.raises(TemplateSyntax) as caught:
        compile_template(value, PLACES)
    assert message in caught.value.message
    assert path == caught.value.path


@given(st.text())
def test_captured_text_is_never_expanded_again(text):
    hostile = "${secret}" + text
    filled = render({"json": {"x": "${v}", "y": "<${v}>"}, "form": {"z": "${v}-${v}"}}, v=hostile, secret="leaked")
    assert hostile == filled["json"]["x"]
    assert f"<{hostile}>" == filled["json"]["y"]
    assert f"{hostile}-{hostile}" == filled["form"]["z"]


@given(st.text(min_size=1).filter(lambda text: text.strip(".")))
def test_captured_text_stays_inside_its_path_segment(text):
    path = render({"path": "/v1/${v}/cancel"}, v=text)["path"]
    first, version, segment, last = path.split("/")
    assert ("", "v1", text, "cancel") == (first, version, unquote(segment), last)
    assert not set("?#\\ \r\n") & set(path)


@pytest.mark.parametrize("v", ["", ".", "..", "..."])
def test_a_path_never_loses_or_climbs_a_segment(v):
    with pytest.raises(ExpressionError, match="empty or only dots"):
        render({"path": "/v1/${v}/cancel"}, v=v)


@given(st.text(), st.sampled_from("\r\n\0"), st.text())
def test_a_line_break_never_reaches_a_header(before, mark, after):
    with pytest.raises(ExpressionError, match="line break"):
        render({"headers": {"X-Id": "${v}"}}, v=before + mark + after)


def test_a_header_of_one_hole_is_text():
    assert "5" == render({"headers": {"X-Id": "${v}"}}, v=5)["headers"]["X-Id"]


@pytest.mark.parametrize(
    "v", ["x" * (OUTPUT_MAX + 1), ["x" * OUTPUT_MAX, "y"], {"x" * OUTPUT_MAX: "y"}, [1] * OUTPUT_MAX, [None] * OUTPUT_MAX]
)
def test_what_holes_add_is_bounded(v):
    with pytest.raises(ExpressionError, match="64 KiB"):
        render({"json": {"x": "${v}"}}, v=v)


def test_the_bound_counts_all_holes_together():
    with pytest.raises(ExpressionError, match="64 KiB"):
        render({"json": [f"<${{v}}{n}>" for n in range(10)]}, v="x" * (OUTPUT_MAX // 9))


def test_a_missing_name_is_an_error():
    with pytest.raises(ExpressionError, match="there is no intent"):
        render({"path": "/v1/${intent}"})
