"""A merchant's configuration, as the bench watches with it: one gateway, another one beside it, and a reference that is neither.

Ports and certificate files differ from scenario to scenario, so they are put in after loading; ``PORT`` stands for them until then.
"""

from pathlib import Path

from monitor.config import Config, load

HOST, NEIGHBOUR, REFERENCE = "pay.gateway.test", "pay.neighbour.test", "reference.test"
GATEWAY = "gateway"  # the target that scenarios are about
PORT = 4433
LOCATIONS = ("fra", "sin", "iad")
EVERY_SECONDS = 30.0

_CHECKS = Path(__file__).parent / "checks"
_SERVICE = """
service: {{install: bench, location: fra, data: data}}
include: {{checks: [gateway.yaml, beside.yaml]}}
targets:
  gateway:
    title: {{en: "Gateway", zh: "支付网关"}}
    base_url: https://{host}:{port}
    dialect: {dialect}
    signer: {signer}
    second_credential: {second}
    {gateway}
    timeout: 2s
    settle: 2s
    customers_per_minute: 120
    allow_private: [127.0.0.0/8]
    tls: {{ca_file: trusted.pem}}
    budget: {{requests_per_second: 50, burst: 50}}
  neighbour:
    title: {{en: "Another gateway", zh: "另一网关"}}
    base_url: https://{neighbour}:{port}
    dialect: mastercard
    timeout: 2s
    allow_private: [127.0.0.0/8]
    tls: {{ca_file: trusted.pem}}
    budget: {{requests_per_second: 50, burst: 50}}
  reference:
    title: {{en: "A reference of our own", zh: "自有参照站点"}}
    base_url: https://{reference}:{port}
    timeout: 2s
    allow_private: [127.0.0.0/8]
    tls: {{ca_file: trusted.pem}}
    budget: {{requests_per_second: 50, burst: 50}}
"""

_SIGNERS = {
    "mastercard": '{{basic: {{username: merchant.TESTCANARY, password: "${{file:sandbox/mastercard.{0}password}}"}}}}',
    "stripe": '{{bearer: {{token: "${{file:sandbox/stripe.{0}key}}"}}}}',
}
_GATEWAY = {
    "mastercard": "",
    # Stripe has nothing that is answered without a key; being asked for one is a sign of life.
    "stripe": "front_door: /v1/balance\n    idempotency: {header: Idempotency-Key, keep: 24h}",
}
#: A slip in a change of ours that the gateway refuses.
_SLIPS = {
    "mastercard": ('order: {amount: "1.00"', 'order: {amount: "1.005"'),
    "stripe": ("          currency: usd\n", "          currency: usdollar\n"),
}


def configuration(folder: Path, dialect: str, *, slip: bool = False) -> Config:
    """The configuration for a gateway that speaks ``dialect``; ``folder`` holds ``trusted.pem`` and the sandbox's secrets."""
    home = folder / f"{dialect}{'-slip' if slip else ''}"
    home.mkdir(exist_ok=True)
    for name in ("trusted.pem", "sandbox"):
        if not (home / name).exists():
            (home / name).symlink_to(folder / name)
    text = _SERVICE.format(
        host=HOST,
        neighbour=NEIGHBOUR,
        reference=REFERENCE,
        port=PORT,
        dialect=dialect,
        signer=_SIGNERS[dialect].format(""),
        second=_SIGNERS[dialect].format("second-"),
        gateway=_GATEWAY[dialect],
    )
    (home / "paycanary.yaml").write_text(text, encoding="utf-8")
    checks = (_CHECKS / f"{dialect}.yaml").read_text(encoding="utf-8")
    (home / "gateway.yaml").write_text(checks.replace(*_SLIPS[dialect], 1) if slip else checks, encoding="utf-8")
    (home / "beside.yaml").write_text((_CHECKS / "beside.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    return load(home / "paycanary.yaml")
