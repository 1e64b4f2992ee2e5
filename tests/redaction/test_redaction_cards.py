import random
import uuid

import pytest
from card_spellings import SPELLINGS, cards, fours, survivors

from monitor.redaction import Gate, redact_text
from monitor.redaction.cards import is_card, luhn, mask

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@pytest.mark.parametrize("spelling", SPELLINGS, ids=str)
def test_no_card_survives_in_any_spelling(spelling):
    write = SPELLINGS[spelling]
    shown = [write(card) for card in cards(10_000 // len(SPELLINGS) + 1, seed=7) if survivors(card, redact_text(write(card)))]

    assert [] == shown


def test_ten_thousand_cards_in_a_spelling_each_do_not_survive():
    writers = list(SPELLINGS.values())
    text = {card: writers[place % len(writers)](card) for place, card in enumerate(cards(10_000, seed=11))}

    assert [] == [written for card, written in text.items() if survivors(card, redact_text(written))]


@pytest.mark.parametrize(
    "around", ["error (HTTP 500): {}", "card={}", '{{"said":"{}"}}', "[{}], and more", "paid with {} today", "a:{};b"]
)
def test_no_card_survives_in_the_middle_of_a_sentence(around):
    texts = [(card, around.format(write(card))) for write in SPELLINGS.values() for card in cards(50, seed=31)]

    assert [] == [text for card, text in texts if survivors(card, redact_text(text))]


def test_the_oracle_itself_finds_every_spelling_when_nothing_is_masked():
    card = "4111111111111111"

    assert all(survivors(card, write(card)) for write in SPELLINGS.values())


def _ordinary(chance: random.Random) -> str:
    digits = "".join(chance.choices("0123456789", k=28))
    seconds = chance.uniform(1_500_000_000, 1_900_000_000)
    return chance.choice(
        [
            str(uuid.UUID(int=chance.getrandbits(128), version=4)),
            uuid.UUID(int=chance.getrandbits(128), version=4).hex,
            "01J" + "".join(chance.choices(ALPHABET, k=23)),
            f"{chance.getrandbits(64):016x}",
            f"{chance.getrandbits(128):032x}",
            f"{chance.getrandbits(256):064x}",
            str(int(seconds)),
            str(int(seconds * 1e3)),
            str(int(seconds * 1e6)),
            str(int(seconds * 1e9)),
            f"{seconds:.6f}",
            f"0.{digits[:16]}",
            f"duration={chance.random()!r} wait={chance.random()!r}",
            "2026-10-12T13:45:22.123456+08:00",
            f"pi_3Mt{''.join(chance.choices(ALPHABET, k=21))}",
            f"42000{digits[:23]}",  # a WeChat Pay transaction id
            f"20261012220014{digits[:14]}",  # an Alipay trade number
            f"pc-{digits[:8]}-{chance.randrange(10**6)}",
            f"+86 138 {digits[:4]} {digits[4:8]}",
            f"{digits[:3]},{digits[3:6]},{digits[6:9]}.{digits[9:11]}",
            f"10.{chance.randrange(256)}.{chance.randrange(256)}.{chance.randrange(256)}:{chance.randrange(65536)}",
            f"DE89 {fours(digits[:18], ' ')}",
            str([chance.randrange(10_000) for _ in range(12)]),
        ]
    )


def test_fewer_than_one_ordinary_id_in_two_hundred_is_masked():
    chance = random.Random(3)
    ordinary = [_ordinary(chance) for _ in range(10_000)]
    masked = [text for text in ordinary if redact_text(text) != text]

    assert len(masked) < 50, masked[:20]


def test_the_mask_keeps_the_first_six_and_last_four():
    assert "card 411111******1111 declined" == redact_text("card 4111 1111 1111 1111 declined")
    assert "378282*****0005" == redact_text("378282246310005")


def test_a_short_number_keeps_too_little_to_be_guessed():
    assert "305693********" == mask("30569309025904")


def test_a_union_pay_number_is_masked_though_its_check_digit_is_wrong():
    assert not luhn("6222021234567890")
    assert "622202******7890" == redact_text("6222021234567890")


def test_a_card_between_other_digits_is_found():
    assert "12345 411111******1111 99" == redact_text("12345 4111111111111111 99")
    assert "411111******1111 555555******4444" == redact_text("4111111111111111 5555555555554444")


def test_a_card_beside_a_masked_one_is_still_found():
    assert "411111******1111 555555******4444" == redact_text("4111111111111111 555555******4444")


def test_a_random_number_without_an_issuer_is_no_card():
    assert luhn("0000000000000000")
    assert not is_card("0000000000000000")


def test_the_same_card_is_masked_in_bytes_and_in_nested_data():
    gate = Gate()

    assert b"\xff 411111******1111" == gate.bytes(b"\xff 4111111111111111")
    assert {"a": ["411111******1111", {"b": "411111******1111"}]} == gate.data(
        {"a": ["4111111111111111", {"b": 4111111111111111}]}
    )


def test_a_card_split_over_neighbouring_values_is_hidden():
    assert ["[redacted]"] * 4 == Gate().data(["4111", "1111", "1111", "1111"])
    assert {"a": "[redacted]", "b": "[redacted]"} == Gate().data({"a": "41111111", "b": "11111111"})
