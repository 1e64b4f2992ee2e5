"""Renders what people read of an incident, by the shipped templates or by a team's own in their place."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from jinja2 import Template, TemplateError

from monitor.incidents.words.build import view
from monitor.incidents.words.plain import ELLIPSIS, plain, without_signs
from monitor.incidents.words.shipped import LANGUAGES, environment, templates
from monitor.incidents.words.view import View
from monitor.model.incident import CommandKind, Incident
from monitor.model.text import Text

#: More than any desk takes whole; a template's loops are bounded, and so is what they say.
TEXT_MAX = 30_000
#: A title is one line of a list.
TITLE_MAX = 240
_BLANK_LINES = re.compile(r"\n{3,}")
_LINE_ENDS = re.compile(r"[ \t]+(?=\n)")


class Words:
    """``overrides``: a team's own templates by name, like ``body.zh``; checked before (``check``). The rest is as shipped.

    A template of a team that fails all the same gives way to the shipped one: an incident is told, whatever its words are.
    ``triages``: whether triage runs here, so that a new ticket may say that its verdict will come.
    """

    def __init__(self, overrides: Mapping[str, str] = MappingProxyType({}), *, triages: bool = True) -> None:
        self._triages = triages
        self._shipped = templates()
        self._own = {name: environment().from_string(text) for name, text in overrides.items()}

    def title(self, incident: Incident) -> Text:
        """One line; stays as it is when nothing is known of the incident's alerts any more."""
        return Text(*(plain(said)[:TITLE_MAX] for said in self._both("title", incident)))

    def body(self, incident: Incident) -> Text:
        """The ticket: everything that is known now."""
        return Text(*self._both("body", incident))

    def comment(self, lines: Iterable[Text], incident: Incident | None = None, kind: CommandKind = CommandKind.UPDATE) -> Text:
        """What is new. ``incident`` as it was before this telling: a verdict younger than ``told_at`` is told at length."""
        news = tuple(lines)
        if incident is None or kind is CommandKind.OPEN:
            return _listed(news)
        return Text(*self._both("resolved" if kind is CommandKind.RESOLVE else "update", incident, news))

    def notice(self, incident: Incident) -> Text:
        """To customers: plain, without internals and without blame."""
        return Text(*self._both("notice", incident))

    def vendor(self, incident: Incident) -> Text:
        """The case for the gateway's support: facts, times, their own ids, and what we ask for."""
        return Text(*self._both("vendor", incident))

    def _both(self, name: str, incident: Incident, news: tuple[Text, ...] = ()) -> list[str]:
        return [self._said(f"{name}.{language}", incident, language, news) for language in LANGUAGES]

    def _said(self, name: str, incident: Incident, language: str, news: tuple[Text, ...]) -> str:
        shown = view(incident, language, news, told_at=incident.told_at, triages=self._triages)
        shipped, own = render(self._shipped[name], shown), self._own.get(name)
        if own is None:
            return shipped
        try:
            return render(own, replace(shown, shipped=shipped)) or shipped
        except (TemplateError, TypeError, ValueError):
            return shipped


def render(template: Template, shown: View) -> str:
    """At most ``TEXT_MAX`` characters; without blanks at the ends of lines, and without more than one empty line together."""
    pieces: list[str] = []
    room = TEXT_MAX
    for piece in template.generate(_names(shown)):
        pieces.append(piece[:room])
        room -= len(piece)
        if room < 0:
            pieces.append(ELLIPSIS)
            break
    return without_signs(_BLANK_LINES.sub("\n\n", _LINE_ENDS.sub("", "".join(pieces))).strip())


def _names(shown: View) -> dict[str, Any]:
    return {name: getattr(shown, name) for name in View.__slots__}


def _listed(lines: Iterable[Text]) -> Text:
    told = list(lines)
    return Text("\n".join(plain(line.en) for line in told), "\n".join(plain(line.in_("zh")) for line in told))
