"""What kind of body an answer carried: an error page of something in between looks nothing like the gateway's own words."""

from monitor.model.result import Exchange, Reach

#: How an HTML page begins, whatever its content type claims.
_PAGES = (b"<!doctype html", b"<html", b"<head", b"<body")


def content_of(exchange: Exchange) -> str:
    """``json``, ``html``, ``text`` or ``empty``; "" when no whole answer came, or none with a status."""
    if exchange.reach is not Reach.ANSWERED or exchange.status is None:
        return ""
    if not exchange.body_bytes:
        return "empty"
    kind = exchange.headers.get("content-type", "")
    if "html" in kind or exchange.raw[:64].lstrip().lower().startswith(_PAGES):
        return "html"
    return "text" if exchange.body is None or isinstance(exchange.body, str) else "json"
