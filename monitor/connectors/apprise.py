"""Everything else that can be told something: one of the two hundred services of Apprise (https://github.com/caronc/apprise).

An extra, for notifications only: there is no ticket to look up, no thread, and no word from the service about when to try again. One
desk is one Apprise address, so that each has its own retries and shows its own failures; several rooms are several desks. Apprise makes
its own connections: what protects other desks from being sent to private networks does not reach it.
"""

import importlib.util
from collections.abc import Callable
from typing import ClassVar, Self

from pydantic import BaseModel, Field, model_validator

from monitor.connectors import Answer, Call, Delivery
from monitor.connectors.apprise_run import SCHEME
from monitor.connectors.chat import ChatRoom
from monitor.connectors.clip import to_json
from monitor.connectors.options import DeskOptions
from monitor.model.secret import Secret

#: The commonest limit among the services is 2,000 characters (Discord's); what a service takes less of, Apprise cuts.
TEXT_MAX_BYTES = 2_000
MISSING = 'this needs the extra "apprise": pip install "paycanary[apprise]"'


class AppriseOptions(DeskOptions):
    """``target`` holds the service's credentials, as Apprise addresses do: give it as a reference."""

    target: Secret = Field(description="an Apprise address, like discord://webhook_id/webhook_token")

    @model_validator(mode="after")
    def _installed(self) -> Self:
        if importlib.util.find_spec("apprise") is None:
            raise ValueError(MISSING)
        return self


class AppriseConnector(ChatRoom):
    kind: ClassVar[str] = "apprise"
    Options: ClassVar[type[BaseModel]] = AppriseOptions
    name: ClassVar[str] = "the service behind Apprise"

    def __init__(self, options: AppriseOptions) -> None:
        self._target = options.target
        self.access = options.access

    def message(self, title: str, text: Callable[[int], str]) -> Call:
        body = to_json({"title": title, "body": text(TEXT_MAX_BYTES - len(title.encode()))})
        return Call("SEND", f"{SCHEME}:", {"target": self._target}, body)

    def read(self, answer: Answer) -> Delivery | None:
        """A success has no body: Apprise passes none on."""
        return None
