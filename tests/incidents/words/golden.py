"""What every sample incident reads like, whole, beside the tests: ``python tests/incidents/words/golden.py`` writes it anew."""

from pathlib import Path

from monitor.incidents.words import Words
from monitor.incidents.words.samples import NEWS, SAMPLES
from monitor.model.incident import CommandKind

FOLDER = Path(__file__).parent / "golden"


def told(name: str) -> dict[str, str]:
    """By language: all six texts of one sample."""
    words, incident = Words(), SAMPLES[name]
    texts = {
        "title": words.title(incident),
        "body": words.body(incident),
        "update": words.comment(NEWS, incident),
        "resolved": words.comment(NEWS, incident, CommandKind.RESOLVE),
        "notice": words.notice(incident),
        "vendor": words.vendor(incident),
    }
    return {
        language: "\n\n".join(f"=== {what} ===\n{text.in_(language)}" for what, text in texts.items()) + "\n"
        for language in ("en", "zh")
    }


if __name__ == "__main__":
    for sample in SAMPLES:
        for tongue, page in told(sample).items():
            (FOLDER / f"{sample}.{tongue}.txt").write_text(page, encoding="utf-8")
