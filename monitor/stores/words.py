"""Names as small integers: the dictionary behind every id column."""

import sqlite3


class Words(dict[str, int]):
    """For the writer: the id of a name, giving it one when it is new. Forget it all after a rollback."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        super().__init__()
        self._connection = connection

    def __missing__(self, text: str) -> int:
        known = self._connection.execute("SELECT id FROM word WHERE text = ?", (text,)).fetchone()
        if known is None:
            known = self._connection.execute("INSERT INTO word (text) VALUES (?) RETURNING id", (text,)).fetchone()
        self[str(text)] = number = int(known[0])
        return number


class Vocabulary:
    """For readers: both directions, learning what was added since. A word once given never changes."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._texts: dict[int, str] = {}
        self._numbers: dict[str, int] = {}

    def text(self, number: int) -> str:
        if number not in self._texts:
            self._learn()
        return self._texts[number]

    def number(self, text: str) -> int | None:
        """None: the store never saw that name."""
        if text not in self._numbers:
            self._learn()
        return self._numbers.get(text)

    def _learn(self) -> None:
        newest = max(self._texts, default=0)
        for number, text in self._connection.execute("SELECT id, text FROM word WHERE id > ?", (newest,)):
            self._texts[number] = text
            self._numbers[text] = number
