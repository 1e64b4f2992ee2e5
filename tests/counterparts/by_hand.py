"""What people at a desk do in its models: they write, close, open, take, merge and delete."""

from datetime import UTC, datetime

from monitor.testing.simtime import START

#: Who we are to the models.
OURSELVES = "paycanary"


class ByHand:
    """Beside the texts of a ticket: who wrote which of them, and when. What nobody claimed is ours."""

    def __init__(self) -> None:
        self.wrote: dict[int, tuple[str, str]] = {}  # index in the ticket's texts -> (who, when)
        self.assignee = ""
        self.closed_by = ""
        self.merged_into = ""

    def write(self, texts: list, text: object, by: str, now: float) -> None:
        self.wrote[len(texts)] = (by, datetime.fromtimestamp(START + now, UTC).isoformat())
        texts.append(text)

    def of(self, index: int) -> tuple[str, str]:
        """Who wrote the text at ``index``, and when."""
        return self.wrote.get(index, (OURSELVES, datetime.fromtimestamp(START, UTC).isoformat()))
