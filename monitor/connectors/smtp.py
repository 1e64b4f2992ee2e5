"""Performs the one call that is not HTTP: handing a finished message to a mail server.

The answer's status is the server's own reply code (RFC 5321). Anything that goes wrong before the message's last line was acknowledged
is told apart from what goes wrong after: a server that took the message and then fell silent may deliver it.
"""

import asyncio
import socket
import ssl
from email import message_from_bytes
from email.utils import getaddresses
from urllib.parse import urlsplit

import aiosmtplib

from monitor.connectors import Access, Answer, Call
from monitor.connectors.clip import clip_bytes
from monitor.model.secret import Secret
from monitor.model.units import show_seconds
from monitor.net.guard import AddressPolicy

#: The call's scheme: ``smtps`` is TLS from the first byte; ``smtp`` must turn to TLS by STARTTLS; ``smtp+plain`` is for a relay on loopback.
SCHEMES = frozenset({"smtps", "smtp", "smtp+plain"})
_PORTS = {"smtps": 465, "smtp": 587, "smtp+plain": 25}
_SAID_MAX_BYTES = 200


async def send(call: Call, access: Access, context: ssl.SSLContext) -> Answer:
    """One message, once. Never raises for what a server or the network does."""
    trail = _Trail()
    try:
        async with asyncio.timeout(access.timeout_seconds):
            return await _hand_over(call, access, context, trail)
    except TimeoutError:
        return Answer(None, sent=trail.sent, error=f"no answer within {show_seconds(access.timeout_seconds)}")
    except aiosmtplib.SMTPResponseException as error:
        # A refusal of the message as a whole, or of a step before it: certain that it was not taken.
        return Answer(error.code, {}, clip_bytes(str(error.message), _SAID_MAX_BYTES).encode())
    except aiosmtplib.SMTPRecipientsRefused as error:
        code = max((one.code for one in error.recipients), default=550)
        return Answer(code, {}, b"no recipient was accepted")
    except (aiosmtplib.SMTPException, OSError) as error:
        return Answer(None, sent=trail.sent, error=f"the mail server could not be used ({type(error).__name__})")


class _Trail:
    """Whether the message itself has begun to leave."""

    sent = False


async def _hand_over(call: Call, access: Access, context: ssl.SSLContext, trail: _Trail) -> Answer:
    parts = urlsplit(call.url)
    host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
    connection = await _connect(host, port, access)
    server = aiosmtplib.SMTP(
        hostname=host,
        sock=connection,
        timeout=access.timeout_seconds,
        use_tls=parts.scheme == "smtps",
        start_tls=parts.scheme == "smtp",
        tls_context=context,
        local_hostname="paycanary",
    )
    try:
        await server.connect()
        await _log_in(server, call)
        message = message_from_bytes(call.body)
        sender = getaddresses([message["From"]])[0][1]
        recipients = [address for _, address in getaddresses([message["To"]])]
        trail.sent = True
        await server.sendmail(sender, recipients, call.body)
        return Answer(250)
    finally:
        server.close()


async def _log_in(server: aiosmtplib.SMTP, call: Call) -> None:
    user, password = call.headers.get("username"), call.headers.get("password")
    if isinstance(user, str) and isinstance(password, Secret):
        await server.login(user, password.reveal())


async def _connect(host: str, port: int, access: Access) -> socket.socket:
    """A socket to the first address that may be connected to and answers."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    last: OSError = OSError("the name has no address")
    for family, kind, protocol, _, address in AddressPolicy(access.allow_private).permitted(found):
        connection = socket.socket(family, kind, protocol)
        connection.setblocking(False)
        try:
            await loop.sock_connect(connection, address)
        except OSError as error:
            connection.close()
            last = error
        else:
            return connection
    raise last
