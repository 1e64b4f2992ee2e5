"""The configuration of the self-check: a secret wherever a configuration can hold one."""

import os
from dataclasses import dataclass
from pathlib import Path

from monitor.selfcheck.canaries import CARDS, SECURITY_CODE, Canary, secret

#: What the gateway answers with, one check each.
SCENES = ("ok", "error", "decline", "redirect", "broken", "page", "cards")


@dataclass(frozen=True, slots=True)
class Plot:
    """The files are in ``folder``; ``environment`` holds what they refer to."""

    folder: Path
    main: Path
    planted: list[Canary]
    environment: dict[str, str]


def lay_out(folder: Path, *, port: int, gateway_port: int, desk_port: int) -> Plot:
    """Write everything down, readable by its owner alone."""
    by = {
        name: secret(name)
        for name in ("environment", "file", "header", "query", "form", "json", "heartbeat", "cookie", "secret header")
    }
    by["desk"] = secret("desk", "whsec_canary")
    by["signer"] = secret("signer", "sk_test_")
    _private(folder / "password", by["file"].value)
    _private(folder / "desk.secret", by["desk"].value)
    (folder / "checks").mkdir()
    (folder / "rules").mkdir()
    _private(folder / "paycanary.yaml", _service(by, port, gateway_port, desk_port))
    _private(folder / "checks" / "all.yaml", _checks(by))
    _private(folder / "rules" / "all.yaml", _RULES)
    environment = {"CANARY_TOKEN": by["environment"].value, "CANARY_KEY": by["signer"].value}
    return Plot(folder, folder / "paycanary.yaml", list(by.values()), environment)


def _private(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)


def _service(by: dict[str, Canary], port: int, gateway_port: int, desk_port: int) -> str:
    url = f"http://127.0.0.1:{gateway_port}"
    return f"""
service:
  {{install: selfcheck, data: {{DATA}}, listen: "127.0.0.1:{port}",
    heartbeat: {{url: "http://127.0.0.1:{desk_port}/beat/{by["heartbeat"].value}", every: 1s, allow_private: [127.0.0.0/8]}}}}
include: {{checks: [checks/all.yaml], rules: [rules/all.yaml]}}
targets:
  bearer: {{title: bearer, base_url: "{url}", dialect: stripe, allow_private: [127.0.0.0/8],
    signer: {{bearer: {{token: "${{env:CANARY_KEY}}"}}}}, headers: {{X-Api-Key: "{by["header"].value}"}}}}
  basic: {{title: basic, base_url: "{url}", dialect: mastercard, allow_private: [127.0.0.0/8],
    signer: {{basic: {{username: merchant.TESTCANARY, password: "${{file:password}}"}}}}}}
  token: {{title: token, base_url: "{url}", dialect: plain, allow_private: [127.0.0.0/8],
    signer: {{bearer: {{token: "${{env:CANARY_TOKEN}}"}}}}}}
desks:
  desk: {{webhook: {{url: "http://127.0.0.1:{desk_port}/hooks", secret: "${{file:desk.secret}}", allow_private: [127.0.0.0/8]}}}}
modules:
  page: {{get: /page, expect: status == 200, timeout: 2s}}
  cards: {{get: /cards, expect: status == 200, timeout: 2s}}
""".replace("{DATA}", "data")


def _checks(by: dict[str, Canary]) -> str:
    return "checks:" + "".join(_check(by, target, scene) for target in ("bearer", "basic", "token") for scene in SCENES)


def _check(by: dict[str, Canary], target: str, scene: str) -> str:
    return f"""
  {target}-{scene}:
    title: {scene}
    target: {target}
    every: 2s
    budget: 2s
    strata: {{kind: [one, two]}}
    steps:
      - name: pay
        post: /v1/{scene}
        query: {{api_key: "{by["query"].value}", card: "{CARDS[0]}"}}
        json:
          card: {{number: "{CARDS[1]}", securityCode: "{SECURITY_CODE}"}}
          token: "{by["json"].value}"
        expect: [body.amount == 100, status == 200]
        save: {{said: body.said}}
      - name: read
        get: /v1/{scene}
        query: {{said: "${{said}}"}}
        headers: {{Cookie: "session={by["cookie"].value}", X-Secret: "{by["secret header"].value}"}}
        expect: body.number == "{CARDS[2]}"
      - name: form
        post: /v1/{scene}
        form: {{client_secret: "{by["form"].value}", card: {{number: "{CARDS[3]}", cvc: "{SECURITY_CODE}"}}}}
"""


_RULES = """
rules:
  failing: {title: {en: failing, zh: 失败}, consecutive: {failures: 1, successes: 1}, severity: p1, group_by: [target]}
"""
