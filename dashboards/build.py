"""Builds the Grafana dashboards beside this file: ``python dashboards/build.py``."""

from pathlib import Path

from board import LANGUAGES, render
from check_board import CHECK
from fleet_board import FLEET

BOARDS = (FLEET, CHECK)


def build() -> dict[str, str]:
    """File name -> JSON."""
    return {
        f"{board.name}.json" if language == "en" else f"{board.name}.{language}.json": render(board, language)
        for board in BOARDS
        for language in LANGUAGES
    }


def main() -> None:
    folder = Path(__file__).parent
    for name, text in build().items():
        (folder / name).write_text(text, encoding="utf-8")
        print(f"wrote {name}")


if __name__ == "__main__":
    main()
