"""Expressions: checked at load, exact with money, bounded in work; what is missing fails."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.model.check import ExpressionError
from monitor.transactions.expressions import SOURCE_MAX, VALUES_MAX, ExpressionSyntax, compile_expression

NAMES = {"status", "headers", "body", "duration", "intent", "stratum", "run"}


def value(source, **scope):
    return compile_expression(source, NAMES)(scope)


@pytest.mark.parametrize(
    ("source", "scope", "expected"),
    [
        ("status == 200", {"status": 200}, True),
        ("status in [200, 201]", {"status": 404}, False),
        (r'body["a\tb"] == 1', {"body": {"a\tb": 1}}, True),
        ("body.data[1 - 1]", {"body": {"data": [5]}}, 5),
        ("body[run]", {"body": {"x": 5}, "run": "x"}, 5),
        ("body.data[0].id", {"body": {"data": [{"id": "x"}]}}, "x"),
        ('headers["content-type"].startsWith("text/")', {"headers": {"content-type": "text/html"}}, True),
        ('body["odd key"] == 1', {"body": {"odd key": 1}}, True),
        ("body.data.all(item, item.ok)", {"body": {"data": [{"ok": True}, {"ok": True}]}}, True),
        ("body.data.map(item, item.id)", {"body": {"data": [{"id": 1}, {"id": 2}]}}, [1, 2]),
        ('{"a": body.x}', {"body": {"x": 1}}, {"a": 1}),
        ("has(body.error)", {"body": {}}, False),
        ("has(body.error) || status == 200", {"body": {}, "status": 200}, True),
        ("type(body.id) == string", {"body": {"id": "x"}}, True),
        ("body == null", {"body": None}, True),
        ("size(body.data) == 2 // two of them", {"body": {"data": (1, 2)}}, True),
        ("body.x.matches('^(a+)+$')", {"body": {"x": "a" * 40 + "b"}}, False),
        ("body.a + body.b", {"body": {"a": Decimal("0.5"), "b": Decimal("0.25")}}, Decimal("0.75")),
        (r"""r"a\b" + '''c'''""", {}, r"a\bc"),
    ],
)
def test_an_expression_reads_the_answer(source, scope, expected):
    assert expected == value(source, **scope)


@pytest.mark.parametrize(
    ("source", "scope", "said"),
    [
        ("body.order.status == 'x'", {"body": {}}, "there is no field 'order'"),
        ("body.order", {"body": {}}, "there is no body.order"),
        ("body.data[2].id", {"body": {"data": [1]}}, "there is no body.data[2]"),
        ("body.data[2].id == 1", {"body": {"data": [1]}}, "index out of bounds: 2"),
        ("body.x", {"body": "<html>"}, "there is no body.x"),
        ("body.x == 1", {"body": "<html>"}, "the types do not go together"),
        ("status == 200", {}, "there is no 'status'"),
        ("body.x && true", {"body": {"x": "yes"}}, "the types do not go together"),
        ("1 / body.x == 1", {"body": {"x": 0}}, "division by zero"),
        ("body.x + 1 > 0", {"body": {"x": 2**63 - 1}}, "overflow"),
        ("1.0 / body.x", {"body": {"x": Decimal(0)}}, "not a finite number"),
        ("duration('1s')", {}, "a timedelta: convert it"),
    ],
)
def test_what_cannot_be_worked_out_is_an_error_and_never_true(source, scope, said):
    with pytest.raises(ExpressionError) as caught:
        value(source, **scope)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("source", "message", "offset"),
    [
        ("status == ", "the expression ends too early", 10),
        ("status ==\n  )", "mismatched input ')'", 12),
        ("statu == 200", "there is no 'statu' here: did you mean 'status'?", 0),
        ("status == 200 && bdy.x", "there is no 'bdy' here: did you mean 'body'?", 17),
        ("foo(status)", "there is no function 'foo'", 0),
        ("status.siz()", "did you mean 'size'?", 7),
        ("body.all(status, status > 1)", "'status' already means something here", 9),
        ("x" * (SOURCE_MAX + 1), f"at most {SOURCE_MAX} characters", SOURCE_MAX),
        ("(" * 200 + "1" + ")" * 200, "it is nested too deep", 96),
        ("'unclosed", "token recognition error", 0),
    ],
)
def test_a_mistake_is_found_at_load_with_its_place(source, message, offset):
    with pytest.raises(ExpressionSyntax) as caught:
        compile_expression(source, NAMES)
    assert message in caught.value.message
    assert offset == caught.value.offset


def test_a_parser_error_without_a_place_is_still_one_sentence(monkeypatch):
    def refuse(_source):
        raise ValueError("no")

    monkeypatch.setattr("cel.compile", refuse)
    with pytest.raises(ExpressionSyntax, match="expected a CEL expression"):
        compile_expression("status", NAMES)


@pytest.mark.parametrize(
    ("source", "body", "expected"),
    [
        ('amount(body.a) == amount("10")', {"a": Decimal("10.00")}, True),
        ('amount(body.a) == amount("10.00")', {"a": 10}, True),
        ('amount(body.a) == amount("0.30")', {"a": Decimal("0.1") + Decimal("0.2")}, True),
        ("amount(0.1 + 0.2) == amount(0.3)", {}, False),
        ('amount(body.a) == amount("-0.0")', {"a": 0}, True),
        ('amount(body.a) == amount("1e2")', {"a": 100}, True),
        ('amount(body.a) == amount("-5")', {"a": Decimal("-5.0")}, True),
        ("amount(body.a) == amount(body.b)", {"a": Decimal("9007199254740993.01"), "b": Decimal("9007199254740993.02")}, False),
        ("amount(body.a) == amount(body.b)", {"a": 2**70, "b": str(2**70)}, True),
        ("amount(body.a) == amount(body.b)", {"a": 2**70, "b": 2**70 + 1}, False),
        ("body.a == body.b", {"a": Decimal("0.1000000000000000055511151231257827"), "b": Decimal("0.1")}, False),
        ("body.a == 1000.0", {"a": Decimal("1000.00")}, True),
        ("body.a == 9223372036854775807", {"a": 2**63}, False),
        ('minor(body.a, "USD") == 1000', {"a": "10.00"}, True),
        ('minor(body.a, "usd") <= minor("10.01", "USD")', {"a": Decimal(10)}, True),
        ('minor(body.a, "JPY") == 1000', {"a": 1000}, True),
        ('minor(body.a, "KWD") == 1500', {"a": Decimal("1.500")}, True),
    ],
)
def test_amounts_are_compared_without_losing_a_digit(source, body, expected):
    assert expected is value(source, body=body)


@pytest.mark.parametrize(
    ("source", "body"),
    [
        ("amount(body.a) == amount(1)", {"a": None}),
        ("amount(body.a) == amount(1)", {"a": True}),
        ("amount(body.a) == amount(1)", {"a": "NaN"}),
        ("amount(body.a) == amount(1)", {"a": "1_0"}),
        ("amount(body.a) != amount(1)", {"a": "ten"}),
        ("amount(body.a) < amount(2)", {"a": 1}),
        ("amount(body.a) + amount(2) == amount(3)", {"a": 1}),
        ("amount(1.0 / 0.0) == amount(1)", {}),
        ('minor(body.a, "USD") == 100', {"a": Decimal("1.001")}),
        ('minor(body.a, "USD") > 0', {"a": "99999999999999999999999"}),
        ('minor(body.a, "NOPE") > 0', {"a": 1}),
        ("minor(body.a, body.a) > 0", {"a": 1}),
        ("minor(body.a) > 0", {"a": 1}),
        ("body.a > 5", {"a": 2**70}),
        ("body.a > 0.5", {"a": Decimal("0.1000000000000000055511151231257827")}),
    ],
)
def test_an_amount_that_is_none_fails_instead_of_passing(source, body):
    with pytest.raises(ExpressionError):
        value(source, body=body)


def test_a_helpers_refusal_does_not_repeat_the_value(caplog):
    with pytest.raises(ExpressionError) as caught:
        value("amount(body.a) == amount(1)", body={"a": "5123450000000008x"})
    assert "5123" not in str(caught.value) + caplog.text


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6), st.decimals(allow_nan=False, allow_infinity=False, places=6))
def test_amounts_are_equal_exactly_when_the_decimals_are(left, right):
    expression = compile_expression("amount(body.a) == amount(body.b)", NAMES)
    assert (left == right) is expression({"body": {"a": left, "b": right}})
    assert expression({"body": {"a": left, "b": f"{left:f}0" if "." in f"{left:f}" else str(left)}}) is True


def test_only_the_fields_an_expression_names_are_converted():
    huge = {"status": "ok", "rest": [object()] * 10 * VALUES_MAX}
    assert value('body.status == "ok" && has(body.status)', body=huge) is True


def test_a_field_inside_another_that_is_read_whole_is_read_once():
    assert value("size(body) == 2 && body.a.b == 1", body={"a": {"b": 1}, "c": 2}) is True
    assert value("body.a.b == 1 && size(body.a) == 1", body={"a": {"b": 1}}) is True


def test_a_body_too_large_to_read_whole_is_refused():
    with pytest.raises(ExpressionError, match="more than"):
        value("body.all(item, item > 0)", body=[1] * (VALUES_MAX + 1))


def test_nested_loops_over_long_lists_are_refused_before_they_begin():
    source = "body.all(one, body.exists(other, other == one))"
    assert value(source, body=list(range(100))) is True
    with pytest.raises(ExpressionError, match="too much work"):
        value(source, body=list(range(2_000)))
    assert value("body.all(x, x >= 0) && body.exists(x, x == 1_999)".replace("1_999", "1999"), body=list(range(2_000))) is True


def test_strings_that_look_like_names_are_not_names():
    assert value("""body.x == "nothing.here" && body.y != 'or (there'""", body={"x": "nothing.here", "y": ""}) is True


def test_an_expression_shows_its_source_and_what_it_reads():
    expression = compile_expression("body.a.b == 1 || body.list[0].c", NAMES)
    assert "Expression('body.a.b == 1 || body.list[0].c')" == repr(expression)
    assert (("body", "a", "b"), ("body", "list", 0, "c")) == expression.paths


_FRAGMENTS = [
    *(
        "status",
        "body",
        "body.a",
        ".a",
        "[0]",
        "==",
        "&&",
        "||",
        "(",
        ")",
        "!",
        "-",
        "+",
        "1",
        "2.5",
        "'x'",
        "null",
        "size(",
        "has(",
    ),
    *(
        "x",
        ".all(",
        "x,",
        ",",
        "?",
        ":",
        "{",
        "}",
        "duration('9999999h')",
        "timestamp('9999-12-31T00:00:00Z')",
        "int(",
        "r'",
        "\n",
    ),
]


@given(st.lists(st.sampled_from(_FRAGMENTS), max_size=12).map(" ".join) | st.text(max_size=40))
def test_any_text_is_an_expression_or_a_mistake_with_a_place(text):
    try:
        expression = compile_expression(text, NAMES)
    except ExpressionSyntax as error:
        assert 0 <= error.offset <= len(text)
        return
    try:
        expression({"status": 200, "body": {"a": [1, "2", Decimal("1.5")]}})
    except ExpressionError as error:
        assert str(error)
