"""Messages in a Microsoft Teams channel, by a Workflows address ("post to a channel when a webhook request is received").

The address itself is the secret. Messages are Adaptive Cards of version 1.4, the newest that every Teams client shows, in at most 28 kB.
"""

from collections.abc import Callable
from typing import ClassVar

from pydantic import BaseModel, Field

from monitor.connectors import Answer, Call, Delivery
from monitor.connectors.chat import ChatRoom
from monitor.connectors.clip import to_json
from monitor.connectors.options import DeskOptions
from monitor.model.secret import Secret

#: Marks are escaped and line breaks doubled: at the worst this doubles.
TEXT_MAX_BYTES = 11_000


class TeamsOptions(DeskOptions):
    url: Secret = Field(description="the address that the workflow shows; it holds its own signature")


class TeamsConnector(ChatRoom):
    kind: ClassVar[str] = "teams"
    Options: ClassVar[type[BaseModel]] = TeamsOptions
    name: ClassVar[str] = "Teams"

    def __init__(self, options: TeamsOptions) -> None:
        self._options = options
        self.access = options.access

    def message(self, title: str, text: Callable[[int], str]) -> Call:
        # Two line breaks make a new line in a text block, one makes none.
        story = {"type": "TextBlock", "text": plain(text(TEXT_MAX_BYTES)).replace("\n", "\n\n"), "wrap": True}
        head = {"type": "TextBlock", "text": plain(title), "wrap": True, "weight": "Bolder", "size": "Medium"}
        card = {
            "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
            "type": "AdaptiveCard",
            "version": "1.4",
            "body": [head, story],
        }
        attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}
        body = to_json({"type": "message", "attachments": [attachment]})
        headers = {"content-type": "application/json"}
        return Call("POST", "https://teams.webhook/", headers, body, sealed_url=lambda _: self._options.url)

    def read(self, answer: Answer) -> Delivery | None:
        """A workflow says 202 and nothing more."""
        return None


def plain(text: str) -> str:
    """A text block reads a little Markdown, and functions in double braces: what would be a mark is preceded by a backslash."""
    return "".join(f"\\{sign}" if sign in "\\*_[]()#`~<>!{}|" else sign for sign in text)
