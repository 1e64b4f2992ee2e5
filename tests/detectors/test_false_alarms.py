"""How a rule writes how often it may be wrong."""

import pytest
from pydantic import TypeAdapter, ValidationError

from monitor.detectors.false_alarms import FalseAlarms, false_alarms_text, parse_false_alarms, show_false_alarms

DAY = 86_400.0


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("1 per 6 months", 180 * DAY),
        ("1 per month", 30 * DAY),
        ("2 per year", 365 * DAY / 2),
        ("1 per 90d", 90 * DAY),
        ("3 per week", 7 * DAY / 3),
        ("1 every 36h", 1.5 * DAY),
        ("1 in 2 weeks", 14 * DAY),
        ("  1  Per  6 Months ", 180 * DAY),
        ("1 per hour", 3_600.0),
    ],
)
def test_it_is_read_as_people_say_it(written: str, seconds: float) -> None:
    assert seconds == parse_false_alarms(written)


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("6 months", "expected false alarms like"),
        ("1 per fortnight", "expected false alarms like"),
        (0.5, "expected false alarms like"),
        (None, "expected false alarms like"),
        (True, "expected false alarms like"),
        ("-1 per month", "expected false alarms like"),
        ("0 per month", "without ever being wrong"),
        ("1 per 0 months", "without ever being wrong"),
        ("5 per hour", "at most one false alarm an hour"),
        ("1 per 11 years", "no history is known that well"),
    ],
)
def test_nonsense_is_refused_with_a_sentence(written: object, reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        TypeAdapter(FalseAlarms).validate_python(written)


@pytest.mark.parametrize(
    "written", ["1 per 6 months", "1 per month", "2 per year", "3 per week", "1 per 36 hours", "1 per 73 days"]
)
def test_what_is_shown_reads_back_as_the_same(written: str) -> None:
    assert written == show_false_alarms(parse_false_alarms(written))
    assert f'"{written}"'.encode() == TypeAdapter(FalseAlarms).dump_json(parse_false_alarms(written))


def test_it_is_said_in_both_languages() -> None:
    assert "1 false alarm per 6 months / 每 6 个月误报 1 次" == false_alarms_text(180 * DAY).both()
    assert "2 false alarms per year / 每年误报 2 次" == false_alarms_text(365 * DAY / 2).both()


def test_the_schema_gives_examples_that_it_accepts() -> None:
    schema = TypeAdapter(FalseAlarms).json_schema()

    assert schema["type"] == "string"
    for example in schema["examples"]:
        assert parse_false_alarms(example) > 0
