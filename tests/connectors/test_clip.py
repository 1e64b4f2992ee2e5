"""Facts about cutting texts to bytes."""

from hypothesis import given
from hypothesis import strategies as st

from monitor.connectors.clip import ELLIPSIS, clip_both, clip_bytes, to_json
from monitor.model.text import Text

texts = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=200)


@given(texts, st.integers(0, 300))
def test_never_longer_than_the_limit_and_never_half_a_character(text: str, limit: int):
    cut = clip_bytes(text, limit)
    assert len(cut.encode()) <= limit
    kept = cut.removesuffix(ELLIPSIS) if cut != text else text
    assert text.startswith(kept)


@given(texts)
def test_a_text_that_fits_is_left_alone(text: str):
    assert text == clip_bytes(text, len(text.encode()))


@given(texts, st.integers(3, 300))
def test_at_most_one_character_is_given_away(text: str, limit: int):
    cut = clip_bytes(text, limit)
    if cut != text:
        assert cut.endswith(ELLIPSIS)
        following = text[len(cut) - 1]
        assert len(cut.encode()) + len(following.encode()) > limit


@given(st.text(max_size=50), st.integers(0, 100))
def test_half_a_surrogate_pair_does_not_stop_a_ticket(text: str, limit: int):
    assert len(clip_bytes(text, limit).encode()) <= limit
    to_json(text).decode()


@given(texts, texts, st.integers(20, 300))
def test_both_languages_stay_and_fit_together(english: str, chinese: str, limit: int):
    both = clip_both(Text(english, chinese), limit)
    assert len(both.encode()) <= limit


def test_room_that_one_language_does_not_need_goes_to_the_other():
    both = clip_both(Text("Down.", "支付失败" * 100), 200)
    assert both.startswith("Down.\n\n— — —\n\n支付失败")
    assert 190 <= len(both.encode()) <= 200


def test_a_suffix_that_does_not_fit_is_left_out():
    assert "支" == clip_bytes("支付", 4, " (see the link)")
