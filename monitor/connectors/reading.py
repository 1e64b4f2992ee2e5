"""What people wrote at a ticket, told apart from what we wrote ourselves.

Each of our comments ends with the line that names its revision (``rest.mark``). A reply by mail quotes that line in front of others or
behind a ">", so only a text that *ends* with it is ours; a code fence around it, as the code hosts get one, does not count.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from html import unescape

from monitor.connectors import Comment
from monitor.connectors.clip import clip_bytes
from monitor.redaction import redact_text

#: Asked for at one look, newest first: more than people write in the minute between two looks.
COMMENTS_MAX = 100
#: Of one comment, kept for the timeline; who wants more reads the ticket.
COMMENT_MAX_BYTES = 4_000
#: A name is shown in one line.
NAME_MAX_BYTES = 100
_MARK = re.compile(r"\[paycanary-\S+ r\d+\]")
_FENCE = re.compile(r"`{3,}(text)?|\{noformat\}")
_BREAK = re.compile(r"<br\s*/?>|</p>|</div>|</li>", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")


def is_ours(text: str) -> bool:
    """Whether it ends with the line that ends every comment of ours."""
    lines = [line.strip() for line in text.splitlines()]
    told = [line for line in lines if line and not _FENCE.fullmatch(line)]
    return bool(told) and _MARK.fullmatch(told[-1]) is not None


def heard(id_: object, by: object, at: float | None, text: object) -> Comment | None:
    """A person's comment as it may be kept; None when it is ours, or says nothing."""
    words = str(text or "").strip()
    if not words or is_ours(words):
        return None
    return Comment(str(id_), name(by), at, clip_bytes(redact_text(words), COMMENT_MAX_BYTES))


def people(comments: Iterable[Comment | None]) -> tuple[Comment, ...]:
    """Those that are people's, in the order given."""
    return tuple(comment for comment in comments if comment is not None)


def plain(html: str) -> str:
    """The words of a text that was written as HTML."""
    return unescape(_TAG.sub("", _BREAK.sub("\n", html)))


def name(by: object) -> str:
    """A person's name as a desk gives it, in one line; "" when there is none."""
    return clip_bytes(redact_text(" ".join(str(by or "").split())), NAME_MAX_BYTES)


def instant(text: object) -> float | None:
    """UTC seconds of an ISO 8601 instant, with or without a colon in its offset; None when it is not one."""
    try:
        at = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
