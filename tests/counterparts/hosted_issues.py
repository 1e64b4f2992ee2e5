"""What the two code hosts' issue trackers have in common as models."""

from dataclasses import dataclass, field
from typing import Any

from by_hand import ByHand
from hosted import Hosted


@dataclass
class Issue:
    number: int
    fields: dict[str, Any]
    labels: list[str]
    visible_at: float
    open: bool = True
    comments: list[str] = field(default_factory=list)
    people: ByHand = field(default_factory=ByHand)


class HostedIssues(Hosted):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.issues: dict[int, Issue] = {}
        self._made = 0  # numbers are not given twice

    def of(self, external_id: str) -> list[Issue]:
        return [one for one in self.issues.values() if external_id[-50:] in (label[-50:] for label in one.labels)]

    def listed(self, label: str) -> list[Issue]:
        """Newest first, as far as the list has come."""
        return [one for one in reversed(self.of(label)) if one.visible_at <= self.now()]

    def add(self, fields: dict[str, Any], labels: list[str]) -> Issue:
        self._made += 1
        issue = Issue(self._made, fields, labels, self.now() + self.lag)
        self.issues[issue.number] = issue
        return issue

    def texts(self, number: str) -> list[str]:
        return self.issues[int(number)].comments

    def close_by_hand(self, number: str) -> None:
        self.issues[int(number)].open = False
        self.issues[int(number)].people.closed_by = "Ana"

    def delete_by_hand(self, number: str) -> None:
        del self.issues[int(number)]

    def say_by_hand(self, number: str, by: str, text: str) -> None:
        issue = self.issues[int(number)]
        issue.people.write(issue.comments, text, by, self.now())

    def reopen_by_hand(self, number: str) -> None:
        self.issues[int(number)].open = True

    def assign_by_hand(self, number: str, to: str) -> None:
        self.issues[int(number)].people.assignee = to
