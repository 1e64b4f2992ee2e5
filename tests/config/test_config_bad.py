"""Every bad configuration gets exactly the message beside it."""

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from monitor.cli import build

BAD = Path(__file__).parent / "bad"
CASES = sorted(path.name for path in BAD.iterdir())


def refusal(case: str, monkeypatch: pytest.MonkeyPatch) -> tuple[int, str]:
    """Exit code and standard error of ``paycanary validate --secrets`` in the case's directory."""
    monkeypatch.chdir(BAD / case)
    monkeypatch.setenv("COLUMNS", "400")
    result = CliRunner().invoke(build("validate"), ["validate", "--secrets"])
    return result.exit_code, result.stderr


@pytest.mark.parametrize("case", CASES)
def test_a_bad_configuration_is_refused_with_exactly_this_message(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    code, message = refusal(case, monkeypatch)

    if os.environ.get("WRITE_EXPECTED"):  # to be read by a person before it is kept
        (BAD / case / "expected.txt").write_text(message, encoding="utf-8")
    assert (2, (BAD / case / "expected.txt").read_text(encoding="utf-8")) == (code, message)


def test_there_are_forty_of_them_and_more() -> None:
    assert len(CASES) >= 40


@pytest.mark.parametrize("case", CASES)
def test_no_refusal_shows_a_credential_or_a_card_number(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _, message = refusal(case, monkeypatch)

    for hidden in ("correct-horse", "4eC39HqLyjWDarjtT1zdp7dc", "4111", "PRIVATE KEY-"):
        assert hidden not in message
