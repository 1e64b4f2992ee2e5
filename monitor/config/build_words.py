"""A team's own words: templates beside the configuration, read with it, tried before they are needed, and refused with it."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from monitor.config import faults
from monitor.config.problems import did_you_mean, show
from monitor.config.service_grammar import WordsBlock
from monitor.config.source import Path as Location
from monitor.config.source import Source
from monitor.incidents.words.check import OVERRIDABLE, check
from monitor.incidents.words.shipped import SUFFIX


def build_words(main: Source, path: Location, data: Any, sources: Iterable[Source]) -> dict[str, str]:
    """The templates by name, ``body.zh``. What is wrong is reported where it stands."""
    block = None if data is None else faults.read_block(main, path, WordsBlock, data)
    if block is None:
        return {}
    found = {}
    for source in sources:
        name = Path(source.name).name.removesuffix(SUFFIX)
        if name in OVERRIDABLE:
            found[name] = source.text
            for fault in check(name, source.text):
                source.add_at(fault.line, 1 if fault.line else 0, "", fault.message, fault.hint)
        else:
            message = f"expected a name like {OVERRIDABLE[2]}{SUFFIX}, got {show(name + SUFFIX)}"
            source.add_at(0, 0, "", message, did_you_mean(name + SUFFIX, [known + SUFFIX for known in OVERRIDABLE]))
    if not found:
        main.add((*path, "dir"), f'expected templates like {OVERRIDABLE[2]}{SUFFIX} in "{block.dir}", got none')
    return found
