"""The operator's slip: a live key, a private key or a real card number pasted into a configuration file.

Each is refused wherever it stands, comments included, and never shown again.
"""

from monitor.config.live_looks import findings
from monitor.config.source import Source


def guard(source: Source) -> None:
    """Report everything live-looking in the text, and in scalars whose spelling hides it (escapes, folded lines)."""
    seen: set[tuple[int, str]] = set()
    for number, line in enumerate(source.lines, start=1):
        for column, message in findings(line):
            seen.add((number, message))
            source.add_at(number, column, "", message, hide=True)
    for _, node in source.root.scalars() if source.root else ():
        for _, message in findings(str(node.data)) if isinstance(node.data, str) else ():
            lines = range(node.line, node.end_line + 1)
            if not any((line, message) in seen for line in lines):
                source.add_at(node.line, node.column, "", message, hide=True)
