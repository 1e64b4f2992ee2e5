import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.model.units import parse_duration, parse_size, show_seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30s", 30), ("1h30m", 5400), ("250ms", 0.25), ("14d", 14 * 86_400), ("1.5s", 1.5), (0, 0), ("2w", 1_209_600)],
)
def test_durations_are_read_as_people_write_them(text: object, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "5", 5, 5.0, "5 parsecs", "s", "1h 30m", "-3s", None, True, "1s2", "3000000d", "1e3s", []])
def test_a_duration_without_a_clear_unit_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="expected a duration"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("text", "size"), [("1MiB", 1 << 20), ("64KiB", 1 << 16), (512, 512), ("10B", 10), ("7", 7), ("2 GiB", 2 << 30)]
)
def test_sizes(text: object, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["1MB", "", None, True, "-1KiB", 1.5])
def test_a_size_in_other_units_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="expected a size"):
        parse_size(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "-"),
        (0.312, "312 ms"),
        (1.25, "1.25 s"),
        (245, "4 min 05 s"),
        (7_800, "2 h 10 min"),
        (273_600, "3 d 4 h"),
        (0, "0 ms"),
        (0.00072, "0.7 ms"),
    ],
)
def test_people_always_see_a_unit(seconds: float | None, text: str) -> None:
    assert show_seconds(seconds) == text


@given(st.text(max_size=30))
def test_no_text_breaks_the_reader(text: str) -> None:
    try:
        assert parse_duration(text) >= 0
    except ValueError as error:
        assert "expected a duration" in str(error)
