from decimal import Decimal

import pytest
from pydantic import ValidationError

from monitor.probes.request import HttpOptions, UnsendableError, build, flatten

BASE = "https://api.example/v2/"


def test_nested_forms_are_written_in_bracket_style():
    fields = {"amount": 100, "metadata": {"canary": "run 1&2"}, "items": [{"price": "p_1"}, {"price": "p_2"}], "confirm": True}

    assert [
        ("amount", "100"),
        ("metadata[canary]", "run 1&2"),
        ("items[0][price]", "p_1"),
        ("items[1][price]", "p_2"),
        ("confirm", "true"),
    ] == list(flatten(fields))
    assert (
        b"amount=100&metadata%5Bcanary%5D=run+1%262"
        == build(BASE, {"form": {"amount": 100, "metadata": {"canary": "run 1&2"}}}).body
    )


def test_the_path_stands_below_the_base_url_and_the_query_behind_it():
    request = build(BASE, {"path": "/orders/a%2Fb?x=1", "query": {"ref": "ü&=", "price": Decimal("1E+2"), "none": None}})

    assert "https://api.example/v2/orders/a%2Fb?x=1&ref=%C3%BC%26%3D&price=100&none=" == str(request.url)
    assert "GET /orders/a%2Fb" == request.line


def test_json_bodies_keep_every_digit():
    request = build(BASE, {"method": "POST", "json": {"amount": Decimal("10.10")}})

    assert (b'{"amount":10.10}', "application/json") == (request.body, request.headers["Content-Type"])


def test_a_content_type_given_by_hand_wins():
    request = build(BASE, {"method": "POST", "body": "<x/>", "headers": {"content-type": "text/xml"}})

    assert {"content-type": "text/xml"} == request.headers


@pytest.mark.parametrize("path", ["/..", "/a/../b", "/a/%2E%2e/b", "/./x"])
def test_a_dot_segment_is_not_sent(path):
    with pytest.raises(UnsendableError):
        build(BASE, {"path": path})


def test_dots_elsewhere_are_just_dots():
    assert "/v2/files/...x/a..b" == build(BASE, {"path": "/files/...x/a..b"}).url.path


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"path": "orders"}, 'begins with "/"'),
        ({"headers": {"Host": "evil"}}, "set by the connection"),
        ({"headers": {"content-length": "3"}}, "set by the connection"),
        ({"form": {}, "json": {}}, "expected one of form, json and body, got form and json"),
        ({"verb": "GET"}, "Extra inputs"),
        ({"method": "BREW"}, "Input should be"),
    ],
)
def test_options_that_cannot_be_meant_are_refused(options, why):
    with pytest.raises(ValidationError) as refused:
        HttpOptions.model_validate(options)

    assert why in str(refused.value)


def test_a_json_null_is_a_body():
    assert b"null" == build(BASE, {"method": "POST", "json": None}).body
    assert HttpOptions.model_validate({"json": None}).json_ is None
