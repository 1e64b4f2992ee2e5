from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.probes import exact_json
from monitor.probes.exact_json import NotExactError


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b'{"a": NaN}', "NaN is not JSON"),
        (b'{"a": -Infinity}', "-Infinity is not JSON"),
        (b'{"amount": 10, "amount": 10000}', "an object holds the same key twice"),
        (b"[" * 10_000 + b"]" * 10_000, "nested deeper than 64 levels"),
        (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "nested deeper than 64 levels"),
        (b"[" * 65 + b"]" * 65, "nested deeper than 64 levels"),
        (b"9" * 5_000, "a number has more than 4300 digits"),
        (b"0." + b"9" * 5_000, "a number has more than 4300 digits"),
        (b"1e999999999", "a number has more than 4300 digits"),
        (b"1e99999999999999999999", "a number has more than 4300 digits"),
        (b'{"a": 1} x', "not valid JSON: Extra data at character 9"),
        (b"<html>", "not valid JSON: Expecting value at character 0"),
        (b'"\xff"', "not valid UTF-8 text"),
        (rb'"\ud800"', "not valid UTF-8 text"),
        (rb'{"\udfff": [1]}', "not valid UTF-8 text"),
        (b"", "not valid JSON: Expecting value at character 0"),
    ],
)
def test_what_can_be_read_in_two_ways_is_refused(text, why):
    with pytest.raises(NotExactError) as refused:
        exact_json.loads(text)

    assert why == str(refused.value)


def test_numbers_are_exact():
    assert Decimal("0.1") + Decimal("0.2") == sum(exact_json.loads(b"[0.1, 0.2]"))
    assert 12345678901234567890123 == exact_json.loads(b"12345678901234567890123")
    assert Decimal("1E+400") == exact_json.loads(b"1e400")
    assert isinstance(exact_json.loads(b"1"), int)


def test_64_levels_and_many_brackets_are_fine():
    assert exact_json.loads(b"[" * 64 + b"]" * 64)
    assert 1000 == len(exact_json.loads(b"[" + b",".join([b"[{}]"] * 1000) + b"]"))


def test_a_byte_order_mark_and_escaped_emoji_are_read():
    assert "😀" == exact_json.loads(b'\xef\xbb\xbf"\\ud83d\\ude00"')


def test_amounts_are_written_with_all_their_digits():
    written = exact_json.dumps({"amount": Decimal("10.10"), "list": [True, None, 3, 'é\n"'], "price": 0.1})

    assert '{"amount":10.10,"list":[true,null,3,"é\\n\\""],"price":0.1}' == written


@pytest.mark.parametrize("value", [Decimal("NaN"), float("inf"), {1: 2}, object(), b"bytes"])
def test_what_json_cannot_say_is_refused(value):
    with pytest.raises((TypeError, ValueError)):
        exact_json.dumps(value)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals(allow_nan=False, allow_infinity=False, places=4) | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
    max_leaves=20,
)


@given(json_values)
def test_what_is_written_is_what_is_read(value):
    assert value == exact_json.loads(exact_json.dumps(value).encode())


@given(st.binary(max_size=200) | st.text(alphabet='[]{}",:0123456789eE.-tfnul\\ud8', max_size=200).map(str.encode))
def test_any_bytes_are_a_value_or_a_refusal(data):
    try:
        exact_json.loads(data)
    except NotExactError:
        pass
