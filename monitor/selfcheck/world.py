"""The hostile surroundings of the self-check: a gateway and a desk that throw back whatever they are given, in every place they can."""

import base64
import itertools
import json
from dataclasses import dataclass, field

from aiohttp import web

from monitor.selfcheck.canaries import CARDS, SECURITY_CODE, TRACK

#: What a gateway says of itself: long enough to be cut, short enough for a header.
HEADER_MAX = 3_000


@dataclass
class Surroundings:
    """Where the servers listen, and everything that the desk was sent."""

    gateway_port: int = 0
    desk_port: int = 0
    tickets: list[bytes] = field(default_factory=list)
    desk_answers: "itertools.count[int]" = field(default_factory=itertools.count)
    runners: list[web.AppRunner] = field(default_factory=list)

    async def start(self) -> None:
        self.gateway_port = await self._serve(self._gateway)
        self.desk_port = await self._serve(self._desk)

    async def stop(self) -> None:
        for runner in self.runners:
            await runner.cleanup()

    async def _serve(self, handler: object) -> int:
        site = web.Application()
        site.router.add_route("*", "/{tail:.*}", handler)  # type: ignore[arg-type]
        runner = web.AppRunner(site, access_log=None)
        await runner.setup()
        self.runners.append(runner)
        listener = web.TCPSite(runner, "127.0.0.1", 0)
        await listener.start()
        return int(runner.addresses[0][1])

    async def _gateway(self, request: web.Request) -> web.StreamResponse:
        """Answers every request with itself: as an error, a decline, a redirect, broken JSON, a page, or a card number."""
        said = await _echo(request)
        head = " ".join(said.split())[:HEADER_MAX]
        match request.path.rsplit("/", 1)[-1]:
            case "error":
                return web.json_response(_error(said), status=500, headers={"X-Request-Id": head[:200], "X-Debug": head})
            case "decline":
                return web.json_response(_decline(said), status=402)
            case "redirect":
                return web.Response(status=302, headers={"Location": f"http://127.0.0.1:{self.gateway_port}/?q={head[:900]}"})
            case "broken":
                return web.Response(text=f'{{"card": "{CARDS[1]}", "said": {json.dumps(said)}, ', content_type="application/json")
            case "page":
                return web.Response(text=f"<html><pre>{said}</pre><input value='{CARDS[2]}'></html>", content_type="text/html")
            case "cards":
                return web.json_response({**_cards(), "said": said, "amount": 100})
        return web.json_response({"said": said, "status": "ok"})

    async def _desk(self, request: web.Request) -> web.StreamResponse:
        """Takes the ticket in the end; before, it complains about it in its own words."""
        body = await request.read()
        self.tickets.append(body)
        said = await _echo(request)
        status = (500, 429, 400, 200, 200)[min(next(self.desk_answers), 4)]
        return web.json_response({"error": f"refused {said} card {CARDS[3]}", **_cards()}, status=status)


async def _echo(request: web.Request) -> str:
    body = (await request.read()).decode("utf-8", "replace")
    headers = "; ".join(f"{name}: {value}" for name, value in request.headers.items())
    encoded = base64.b64encode(headers.encode()).decode()
    return f"{request.method} {request.path_qs} {headers} {body} {encoded} {headers.encode().hex()[:400]}"


def _error(said: str) -> dict[str, object]:
    return {"error": {"cause": "SERVER_FAILED", "explanation": said, "type": "api_error", "message": f"card {CARDS[0]} {said}"}}


def _decline(said: str) -> dict[str, object]:
    error = {
        "type": "card_error",
        "code": "card_declined",
        "decline_code": CARDS[4],
        "message": f"{CARDS[4]} {SECURITY_CODE} {said}",
    }
    return {"error": error, "correlationId": CARDS[5]}


def _cards() -> dict[str, object]:
    """Card numbers as gateways write them, and the data that no standard lets anybody keep."""
    spaced = " ".join(CARDS[0][at : at + 4] for at in range(0, 16, 4))
    return {
        "number": CARDS[0],
        "pan": int(CARDS[1]),
        "note": f"paid with {spaced}, {spaced.replace(' ', '-')}",
        "nested": {"card": {"number": CARDS[2], "cvc": SECURITY_CODE, "securityCode": SECURITY_CODE, "expiry": "12/29"}},
        "list": [CARDS[3], [CARDS[4]]],
        "encoded": base64.b64encode(f"card={CARDS[5]}".encode()).decode(),
        "track2": TRACK,
    }
