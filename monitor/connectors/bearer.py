"""OAuth 2 client credentials (RFC 6749, section 4.4): a desk's token is fetched when there is none, and again when it is refused.

Tokens live in memory only. Whether one has expired is the desk's to say (401): its clock is the one that counts.
"""

from collections.abc import Generator
from dataclasses import replace
from urllib.parse import urlencode

from monitor.connectors import Answer, Call, TryAgain
from monitor.connectors.clip import to_json
from monitor.connectors.judge import Refusal, body_of, refusal, said
from monitor.model.secret import Secret

#: A refused token is exchanged for a new one this often in one request; more would be a login loop.
FETCHES_MAX = 1


class Bearer:
    """One desk's credential. ``as_json`` is how that desk's token endpoint wants its parameters; else they go as a form."""

    def __init__(
        self, desk: str, url: str, client_id: str, client_secret: Secret, *, scope: str = "", as_json: bool = False
    ) -> None:
        self._desk, self._url, self._as_json = desk, url, as_json
        self._secret = client_secret
        self._parameters = {"grant_type": "client_credentials", "client_id": client_id} | ({"scope": scope} if scope else {})
        self._token: Secret | None = None

    def hold(self, token: Secret) -> None:
        """Go on with a token that is known already."""
        self._token = token

    def ask(self, call: Call) -> Generator[Call, Answer, Answer | Refusal]:
        """The answer to ``call`` with a token on it, or why there is no token: then nothing was done."""
        for attempt in range(FETCHES_MAX + 1):
            if self._token is None:
                refused = yield from self._fetch()
                if refused:
                    return refused
            answer = yield replace(call, headers={**call.headers, "authorization": self._token or ""})
            if answer.status != 401 or attempt == FETCHES_MAX:
                return answer
            self._token = None
        raise AssertionError("unreachable")

    def _fetch(self) -> Generator[Call, Answer, Refusal | None]:
        answer = yield self._request()
        body = body_of(answer)
        told = body if isinstance(body, dict) else {}
        words = said(told.get("error_description") or told.get("error"), (self._secret,))
        problem = refusal(answer, f"{self._desk}'s token endpoint", words, read=True)
        if problem:
            # A wrong client or secret is people's to repair, and the ticket must still be there when they have.
            return TryAgain(problem.reason, getattr(problem, "after_seconds", None))
        token = told.get("access_token")
        if not isinstance(token, str) or not token:
            return TryAgain(f"{self._desk}'s token endpoint gave no access token")
        self._token = Secret(f"Bearer {token}", self._secret.reference)
        return None

    def _request(self) -> Call:
        sealed = Secret(self._body(self._secret.reveal()), self._secret.reference)
        headers = {"content-type": _JSON if self._as_json else _FORM, "accept": _JSON}
        return Call("POST", self._url, headers, self._body("***").encode(), sealed_body=lambda _: sealed)

    def _body(self, secret: str) -> str:
        parameters = {**self._parameters, "client_secret": secret}
        return to_json(parameters).decode() if self._as_json else urlencode(parameters)


_JSON = "application/json"
_FORM = "application/x-www-form-urlencoded"
