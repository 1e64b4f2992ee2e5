"""Words people read, in the two languages of the people who read them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    """One sentence in English and Simplified Chinese. An empty ``zh`` falls back to ``en``."""

    en: str
    zh: str = ""

    def in_(self, language: str) -> str:
        return self.zh or self.en if language.startswith("zh") else self.en

    def both(self, separator: str = " / ") -> str:
        return f"{self.en}{separator}{self.zh}" if self.zh and self.zh != self.en else self.en
