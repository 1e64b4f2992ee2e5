"""The operator's slip: live keys, private keys and card numbers are refused wherever they stand."""

import random
from pathlib import Path

import pytest
from config_helpers import TARGET, write

from monitor.config import Config, ConfigError, load
from monitor.config.live_looks import luhn
from monitor.config.published_cards import PUBLISHED

PAN = "4539578763621486"
LIVE = {
    "secret key": "# sk_live_51H8example",
    "restricted key": "service: {install: rk_live_51H8example}",
    "key in quotes": 'service: {install: "sk_live_51H8example"}',
    "key behind an escape": 'service: {install: "sk\\x5flive_51H8example"}',
    "key folded over lines": 'service: {install: "sk_\\\n  live_51H8example"}',
    "private key": "# -----BEGIN PRIVATE KEY-----",
    "private key of a kind": "key: |\n  -----BEGIN EC PRIVATE KEY-----\n  MHcCAQEE\n",
    "encrypted private key": "# -----BEGIN ENCRYPTED PRIVATE KEY-----",
    "card": f"# {PAN}",
    "card as a number": f"service: {{max_in_flight: {PAN}}}",
    "card in groups": "# 4539 5787 6362 1486",
    "card with dashes": "# 4539-5787-6362-1486",
    "card and its code": "# 4539 5787 6362 1486 123",
    "code and its card": "# 123 4539578763621486",
    "card at the end of a sentence": f"# we use {PAN}.",
    "card in a longer text": f"# card={PAN};",
    "card of fifteen digits": "# 374245455400126",
    "card of the two series": "# 2720992593319364",
    "card of UnionPay": "# 6250941006528599",
}


def refusal(tmp_path: Path, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load(write(tmp_path, {"paycanary.yaml": text}), environ={})
    return str(caught.value)


@pytest.mark.parametrize("text", LIVE.values(), ids=LIVE.keys())
def test_what_looks_live_is_refused_and_not_shown(tmp_path: Path, text: str) -> None:
    message = refusal(tmp_path, text)

    assert "got what looks like" in message
    for hidden in (
        "51H8example",
        "MHcCAQEE",
        "4539578",
        "4539 5",
        "4539-5",
        "374245455400126",
        "2720992593319364",
        "6250941006528599",
    ):
        assert hidden not in message


def test_published_test_cards_are_welcome(tmp_path: Path) -> None:
    cards = "".join(f"# {card}\n" for card in sorted(PUBLISHED))

    assert isinstance(load(write(tmp_path, {"paycanary.yaml": cards + TARGET}), environ={}), Config)


def test_every_published_test_card_could_be_a_card() -> None:
    assert [] == [card for card in PUBLISHED if not luhn(card)]


def test_a_card_number_with_one_wrong_digit_is_no_card_number(tmp_path: Path) -> None:
    assert isinstance(load(write(tmp_path, {"paycanary.yaml": f"# {PAN[:-1]}7\n{TARGET}"}), environ={}), Config)


def test_random_card_numbers_are_all_found(tmp_path: Path) -> None:
    rng = random.Random(4)
    for _ in range(200):
        digits = f"4{rng.randrange(10**14):014d}"
        card = next(f"{digits}{check}" for check in range(10) if luhn(f"{digits}{check}"))
        assert "card numbers" in refusal(tmp_path, f"# {card}\n{TARGET}")


@pytest.mark.parametrize(
    "text", ["2026-11-22 02:00:00", "1795284000123", "127.0.0.1:8710", "0.4539578763621486", "01ARZ3NDEKTSV4RRFFQ69G5FAV"]
)
def test_times_addresses_and_ids_are_no_cards(tmp_path: Path, text: str) -> None:
    assert isinstance(load(write(tmp_path, {"paycanary.yaml": f"# {text}\n{TARGET}"}), environ={}), Config)


def test_a_live_target_needs_leave(tmp_path: Path) -> None:
    target = "{base_url: https://gateway.example, live: true, caps: {per_step: 1.00 USD, per_day: 20.00 USD}}"
    main = write(tmp_path, {"paycanary.yaml": f"targets: {{gateway: {target}}}"})

    with pytest.raises(ConfigError, match="start with --live to allow it"):
        load(main, environ={})
    assert load(main, environ={}, allow_live=True).targets["gateway"].live
