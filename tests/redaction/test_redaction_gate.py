import base64
import html
import json
import time
from decimal import Decimal
from urllib.parse import quote, quote_plus

import pytest
from card_spellings import SPELLINGS, cards
from hypothesis import given
from hypothesis import strategies as st

from monitor.model.secret import Secret
from monitor.redaction import Gate, redact_text, redactor

SECRETS = [f'S3cr3t"{number}<&>/+ value\\{chr(0xE9)}{number * 7919}' for number in range(20)] + [
    f"canary-{n:04d}-Tok3n" for n in range(20)
]

ENCODINGS = {
    "plain": lambda value: f"failed with {value}!",
    "base64": lambda value: base64.b64encode(value.encode()).decode(),
    "base64 after a user name": lambda value: "Basic " + base64.b64encode(f"merchant.TEST:{value}".encode()).decode(),
    "base64, one byte on": lambda value: base64.b64encode(f"x{value}y".encode()).decode(),
    "base64 for URLs, two bytes on": lambda value: base64.urlsafe_b64encode(f"xx{value}".encode()).decode().rstrip("="),
    "percent": lambda value: quote(value, safe=""),
    "percent, lower case": lambda value: "".join(f"%{byte:02x}" for byte in value.encode()),
    "form": quote_plus,
    "hexadecimal": lambda value: value.encode().hex(),
    "hexadecimal, upper case": lambda value: value.encode().hex().upper(),
    "JSON": lambda value: json.dumps({"x": value}),
    "JSON as UTF-8": lambda value: json.dumps({"x": value}, ensure_ascii=False),
    "JSON in JSON": lambda value: json.dumps(json.dumps({"x": value})),
    "HTML": html.escape,
    "HTML by number": lambda value: "".join(f"&#{ord(character)};" for character in value),
    "Python": repr,
    "bytes": lambda value: repr(value.encode()),
    "URL": lambda value: f"https://user:{quote(value, safe='')}@gateway.test/pay",
}


@pytest.mark.parametrize("encoding", ENCODINGS, ids=str)
def test_no_known_secret_survives_in_any_encoding(encoding):
    gate = Gate(Secret(value) for value in SECRETS)
    write = ENCODINGS[encoding]

    for value in SECRETS:
        shown = gate.text(write(value))
        assert "[redacted]" in shown
        assert write(value) not in shown
        assert value[-6:] not in shown


def test_a_secret_is_hidden_as_key_value_and_inside_bytes():
    gate = Gate([Secret("hunter2-hunter2")])

    assert {"[redacted]": "x [redacted]", "b": b"[redacted]"} == gate.data(
        {"hunter2-hunter2": "x hunter2-hunter2", "b": b"hunter2-hunter2"}
    )


def test_a_secret_object_shows_its_reference_only():
    assert {"key": "Secret(env:KEY)"} == Gate().data({"key": Secret("value", "env:KEY")})


@pytest.mark.parametrize(
    "text",
    [
        '{"securityCode": "987"}',
        "card[cvc]=987&x=1",
        "card%5Bcvc%5D=987&x=1",
        "<securityCode>987</securityCode>",
        '{\\"cvv2\\": \\"987\\"}',
        "CVV: 987",
        '"pin": "9871"',
        "pinBlock=98712345ABCDEF00",
        "cardSecurityCode=987",
        "password=987-word",
        '"password" : "987-word"',
        "Authorization: Basic 9876543210987",
        "{'Authorization': 'Bearer 987.abc'}",
        "authorization: Token 987abc",
        '("Cookie", "session=987")',
        "api_key=987x",
        "X-Api-Key: 987x",
        "client_secret=987x",
        "DE52: 9871234567890ABC",
        '<field id="55" value="9871"/>',
        "field 45 = 9871",
        "de14=2987",
    ],
)
def test_what_stands_under_a_sensitive_name_is_hidden(text):
    assert "987" not in redact_text(text)


@pytest.mark.parametrize(
    "text",
    [
        '{"cvc_check": "pass", "status": "succeeded"}',
        "shipping: 123, pinned=1234, deployed=2",
        "idempotency-key: 01J9Z3M5Q7A0B1C2D3E4F5G6H7",
        "the password was refused",
        "node=14 decade=2",
        "status=401 reason=invalid",
    ],
)
def test_what_only_looks_like_a_sensitive_name_stays_readable(text):
    assert text == redact_text(text)


def test_iso_8583_fields_are_hidden_by_number_in_a_message_only():
    message = {"t": "0100", "2": "4111111111111111", "3": "000000", "14": "2912", "35": "x", "52": "AA", "39": "00"}

    shown = Gate().data(message)

    assert {"t", "3", "39"} == {name for name in message if shown[name] == message[name]}
    assert {"2": 10, "14": 3} == Gate().data({"2": 10, "14": 3})


@pytest.mark.parametrize(
    "secret",
    [
        "sk_live_51H8abcdefghijk",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
        "AKIAIOSFODNN7EXAMPLE",
    ],
)
def test_credentials_of_well_known_issuers_are_known_by_their_look(secret):
    assert secret[12:24] not in redact_text(f"error near {secret} here")


def test_a_private_key_is_hidden_between_its_lines():
    key = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkq\n-----END PRIVATE KEY-----"

    assert "-----BEGIN PRIVATE KEY-----[redacted]-----END PRIVATE KEY-----" == redact_text(key)


def test_a_password_in_a_url_is_hidden_and_the_host_is_not():
    assert "https://user:[redacted]@gateway.test/pay" == redact_text("https://user:hunter2@gateway.test/pay")


def test_numbers_keep_their_type_and_exactness():
    data = {"amount": Decimal("1.10"), "count": 3, "ok": True, "none": None, "rate": 0.25}

    assert data == Gate().data(data)
    assert isinstance(Gate().data(data)["amount"], Decimal)


def test_nesting_without_end_is_cut_off():
    endless: list[object] = []
    endless.append(endless)

    assert "[redacted]" in str(Gate().data(endless))


def test_the_log_processor_masks_a_whole_event():
    event = {
        "event": "declined 4111111111111111",
        "error": ValueError("no canary-secret"),
        "headers": {"authorization": "Bearer x"},
    }

    shown = redactor(Gate([Secret("canary-secret")]))(None, "info", event)

    assert {"event": "declined 411111******1111", "error": "no [redacted]", "headers": {"authorization": "[redacted]"}} == shown


PIECES = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        ["password=", '"cvc": "123"', "%34%31", "\\u0034", "&#52;", "*", "4111", "canary-secret", "-", " ", "://a:b@", "MTIz"]
    ),
    st.sampled_from([write(card) for card, write in zip(cards(len(SPELLINGS), seed=5), SPELLINGS.values(), strict=True)]),
)


@given(st.lists(PIECES, max_size=8).map("".join))
def test_masking_twice_changes_nothing(text):
    gate = Gate([Secret("canary-secret")])
    once = gate.text(text)

    assert once == gate.text(once)


HOSTILE = {
    "digits": "4" * 16,
    "digit by digit": "4 ",
    "groups": "4444 ",
    "percent": "%34",
    "backslashes": "\\",
    "quotes": '"',
    "names": "password",
    "open values": 'password="',
    "tracks": "%B4111111111111111^",
    "base64": "MTIz",
    "hexadecimal": "3",
    "URLs": "://:",
    "blanks": " ",
}


@pytest.mark.parametrize("unit", HOSTILE, ids=str)
def test_the_cost_grows_with_the_size_and_no_faster(unit):
    def cost(size: int) -> float:
        text = HOSTILE[unit] * (size // len(HOSTILE[unit]))
        begun = time.process_time()
        redact_text(text)
        return time.process_time() - begun

    cost(1_000)
    small, large = min(cost(20_000) for _ in range(3)), min(cost(160_000) for _ in range(2))

    assert large < 8 * small * 3 + 0.05, f"8 times the text took {large / small:.1f} times as long"
