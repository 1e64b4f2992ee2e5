"""Performs the calls of the ``apprise`` desk: hands one message to Apprise, in a thread, and reads what became of it.

Apprise says of a target that it was told, was not, or did not answer in time; why not stands in its log, where the service's HTTP status
is all that is used of it. Nothing of a log is passed on: addresses are credentials.
"""

import asyncio
import json
import re
from collections.abc import Iterable
from typing import Any

from monitor.connectors import Access, Answer, Call
from monitor.model.secret import Secret
from monitor.model.units import show_seconds

SCHEME = "apprise"
#: Apprise gives up by itself; the thread is left behind when even that does not come back.
GRACE_SECONDS = 2.0
_STATUS = re.compile(r"error=(\d{3})\b")


async def send(call: Call, access: Access) -> Answer:
    """One message, once. Never raises for what a service or the network does."""
    target = call.headers.get("target")
    address = target.reveal() if isinstance(target, Secret) else ""
    seconds = access.timeout_seconds
    try:
        async with asyncio.timeout(seconds + GRACE_SECONDS):
            return await asyncio.to_thread(_notify, address, json.loads(call.body), seconds)
    except TimeoutError:
        return Answer(None, sent=True, error=f"no answer within {show_seconds(seconds)}")
    except Exception as error:  # noqa: BLE001 - two hundred plug-ins of others: what they raise must not stop delivery
        return Answer(None, sent=True, error=f"Apprise failed ({type(error).__name__})")


def _notify(address: str, message: dict[str, str], seconds: float) -> Answer:
    # Some 200 ms and 40 MB: only who has such a desk pays for them.
    import apprise

    asset = apprise.AppriseAsset(app_id="paycanary", app_desc="paycanary", app_url="", secure_logging=True)
    service = apprise.Apprise.instantiate(address, asset=asset)
    if service is None:
        return Answer(None, sent=False, error="Apprise does not know such an address, or something in it is missing")
    service.overflow_mode = apprise.OverflowMode.TRUNCATE
    room = apprise.Apprise(asset=asset)
    room.add(service)
    result = room.notify(
        body=message["body"],
        title=message["title"],
        body_format=apprise.NotifyFormat.TEXT,
        interpret_escapes=False,
        timeout=seconds,
    )
    return _read(result, seconds)


def _read(result: Iterable[Any], seconds: float) -> Answer:
    """Of the one target there is."""
    for told in result:
        if told:
            return Answer(200)
        if told.status.name == "TIMEOUT":
            return Answer(None, sent=True, error=f"no answer within {show_seconds(seconds)}")
        found = [match for entry in told.logs() if (match := _STATUS.search(str(getattr(entry, "message", entry))))]
        status = int(found[-1][1]) if found else None
        return Answer(status) if status else Answer(None, sent=True, error="it could not be told, and Apprise does not say why")
    return Answer(None, sent=False, error="Apprise told nobody")
