"""The examples in docs/tickets.md, made from the samples: ``python tests/incidents/words/docs_page.py`` writes them anew."""

import re
from pathlib import Path

from golden import told

PAGE = Path(__file__).parents[3] / "docs" / "tickets.md"
_EXAMPLE = re.compile(r"<!-- (\w+) (\w+) (en|zh) -->\n```text\n(?:.*?\n)?```", re.DOTALL)


def with_examples(page: str) -> str:
    def example(match: re.Match[str]) -> str:
        sample, what, language = match.groups()
        text = told(sample)[language].split(f"=== {what} ===\n")[1].split("\n\n=== ")[0].rstrip("\n")
        return f"<!-- {sample} {what} {language} -->\n```text\n{text}\n```"

    return _EXAMPLE.sub(example, page)


if __name__ == "__main__":
    PAGE.write_text(with_examples(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
