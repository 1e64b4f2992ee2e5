"""The templates that come with the house, and the environment in which all templates are compiled."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from jinja2 import DictLoader, StrictUndefined, Template
from jinja2.sandbox import SandboxedEnvironment

from monitor.incidents.words.grammar import FILTERS

#: What can be said of an incident; each may be overridden, in each language.
NAMES = ("title", "body", "update", "resolved", "notice", "vendor")
LANGUAGES = ("en", "zh")
SUFFIX = ".j2"


@cache
def sources() -> Mapping[str, str]:
    """Every shipped template by name, like ``body.en``: the six and the sections they are put together from."""
    folder = files("monitor.incidents.words").joinpath("templates")
    found = {file.name.removesuffix(SUFFIX): file.read_text(encoding="utf-8") for file in folder.iterdir()}
    return MappingProxyType(dict(sorted(found.items())))


def sections() -> frozenset[str]:
    """What a team's template may include."""
    return frozenset(name for name in sources() if name.partition(".")[0] not in NAMES)


@cache
def environment() -> SandboxedEnvironment:
    """No functions, no tests, and only the filters that the grammar knows: what a template may do is what ``grammar`` lets through."""
    made = SandboxedEnvironment(
        loader=DictLoader(sources()),
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        cache_size=-1,
        auto_reload=False,
    )
    made.globals.clear()
    made.tests.clear()
    made.filters = dict(FILTERS)
    return made


@cache
def templates() -> Mapping[str, Template]:
    """Compiled, once, before the first ticket: that one must not wait for it."""
    return MappingProxyType({name: environment().get_template(name) for name in sources()})
