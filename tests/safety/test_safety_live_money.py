"""Thirty configurations that look live: none of them starts, each ends with exit code 2, and no key is echoed."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from monitor.cli import build
from monitor.config import ConfigError, load

KEY = "51HcanaryKEYcanaryKEYcanary"  # what must not be seen again
CHECK = 'checks: {pay: {title: t, target: gateway, every: 60s, steps: [{name: pay, post: /p, json: {number: "NUMBER"}}]}}'
CAPS = "caps: {per_step: 1.00 USD, per_day: 20.00 USD}"


def target(url="https://api.stripe.com", more="", signer='{bearer: {token: "${env:KEY}"}}'):
    return f"targets: {{gateway: {{base_url: '{url}', signer: {signer}{', ' + more if more else ''}}}}}"


#: name -> main file, KEY in the environment, checks file, --live
LIVE: dict[str, tuple[str, str, str, bool]] = {
    "Stripe secret key in the environment": (target(), f"sk_live_{KEY}", "", True),
    "Stripe restricted key": (target(), f"rk_live_{KEY}", "", True),
    "Stripe publishable key": (target(), f"pk_live_{KEY}", "", False),
    "Stripe key that was meant to be live, without --live": (target(more=f"live: true, {CAPS}"), f"sk_live_{KEY}", "", False),
    "Stripe key, live and --live, without caps": (target(more="live: true"), f"sk_live_{KEY}", "", True),
    "Stripe key written into the file": (target(signer=f"{{bearer: {{token: sk_live_{KEY}}}}}"), "x", "", True),
    "Stripe key in a comment": (target() + f"\n# sk_live_{KEY}", "sk_test_1", "", True),
    "Stripe key in a header": (target(more=f"headers: {{X-Key: sk_live_{KEY}}}"), "sk_test_1", "", True),
    "Stripe key as a user name": (target(signer=f"{{basic: {{username: sk_live_{KEY}}}}}"), "x", "", True),
    "Stripe key behind Bearer": (target(), f"Bearer sk_live_{KEY}", "", True),
    "Razorpay key": (target("https://api.razorpay.com"), f"rzp_live_{KEY}", "", True),
    "Mollie key": (target("https://api.mollie.com"), f"live_{KEY}", "", True),
    "Braintree token": (target(signer='{basic: {username: x, password: "${env:KEY}"}}'), f"access_token$production${KEY}", "", True),
    "Flutterwave key": (target("https://api.flutterwave.com"), f"FLWSECK-{KEY}", "", True),
    "Mercado Pago key": (target("https://api.mercadopago.com"), f"APP_USR-{KEY}", "", True),
    "Adyen live endpoint": (target("https://1797a841fbb37ca7-Demo-checkout-live.adyenpayments.com"), KEY, "", True),
    "Adyen classic live endpoint": (target("https://pal-live.adyen.com"), KEY, "", True),
    "PayPal": (target("https://api-m.paypal.com"), KEY, "", True),
    "PayPal in capitals with a dot": (target("https://API-M.PayPal.com."), KEY, "", True),
    "PayPal with a port": (target("https://api-m.paypal.com:443/v2"), KEY, "", True),
    "PayPal in full-width letters": (target("https://ａｐｉ-m.paypal.com"), KEY, "", True),
    "PayPal behind an escape": (target("https://api%2Dm.paypal.com"), KEY, "", True),
    "Checkout.com": (target("https://abcd1234.api.checkout.com"), KEY, "", True),
    "Square": (target("https://connect.squareup.com"), KEY, "", True),
    "UnionPay": (target("https://gateway.95516.com"), KEY, "", True),
    "WeChat Pay, which has nothing but live": (target("https://api.mch.weixin.qq.com"), KEY, "", True),
    "Alipay": (target("https://openapi.alipay.com"), KEY, "", True),
    "Mastercard Gateway, a merchant that is no test": (
        target("https://ap-gateway.mastercard.com", "dialect: mastercard", '{basic: {username: merchant.SHOP1, password: "${env:KEY}"}}'),
        KEY,
        "",
        True,
    ),
    "a live card number in a check": (target(), "sk_test_1", CHECK.replace("NUMBER", "4539 5787 6362 1486"), True),
    "a published test card in a check of a live target": (
        target(more=f"live: true, {CAPS}"),
        f"sk_live_{KEY}",
        CHECK.replace("NUMBER", "4242 4242 4242 4242"),
        True,
    ),
}  # fmt: skip


def place(folder: Path, main: str, checks: str) -> Path:
    (folder / "paycanary.yaml").write_text(main, encoding="utf-8")
    if checks:
        (folder / "checks").mkdir()
        (folder / "checks" / "a.yaml").write_text(checks, encoding="utf-8")
    return folder / "paycanary.yaml"


def test_there_are_thirty_of_them() -> None:
    assert 30 == len(LIVE)


@pytest.mark.parametrize("name", LIVE)
def test_what_looks_live_does_not_start_and_its_key_is_not_echoed(tmp_path: Path, monkeypatch, name: str) -> None:
    main, key, checks, live = LIVE[name]
    monkeypatch.setenv("KEY", key)
    path = place(tmp_path, main, checks)

    done = CliRunner().invoke(build(), ["run", "--config", str(path), *(["--live"] if live else [])])

    assert 2 == done.exit_code, done.output
    assert "problem" in done.output
    assert KEY not in done.output
    assert "4539" not in done.output
    assert "4242 4242" not in done.output


def test_with_everything_said_a_live_target_is_taken(tmp_path: Path) -> None:
    check = "checks: {look: {title: t, target: gateway, every: 60s, steps: [{name: a, get: /v1/balance}]}}"
    path = place(tmp_path, target(more=f"live: true, {CAPS}"), check)

    config = load(path, allow_live=True, environ={"KEY": f"sk_live_{KEY}"})

    assert config.targets["gateway"].live
    allowance = config.targets["gateway"].allowance
    assert allowance is not None
    assert 0.2 == allowance.requests_per_second


@pytest.mark.parametrize(
    "url",
    [
        "https://api.sandbox.paypal.com",
        "https://checkout-test.adyen.com",
        "https://gateway.test.95516.com",
        "https://api.stripe.com",
    ],
)
def test_test_hosts_are_welcome_with_test_keys(tmp_path: Path, url: str) -> None:
    assert load(place(tmp_path, target(url), ""), environ={"KEY": "sk_test_canary"}).targets["gateway"].live is False


@pytest.mark.parametrize(
    "host", ["${intent}.example", "https://${intent}/", "//api.example", "javascript:alert(1)", "https://u:p@host"]
)
def test_a_host_is_literal(tmp_path: Path, host: str) -> None:
    with pytest.raises(ConfigError):
        load(place(tmp_path, target(host), ""), environ={"KEY": "sk_test_canary"})


@pytest.mark.parametrize("path", ["https://elsewhere.example/", "elsewhere.example", "${stratum.x}"])
def test_a_step_cannot_leave_its_target(tmp_path: Path, path: str) -> None:
    check = f"checks: {{c: {{title: t, target: gateway, every: 60s, steps: [{{name: a, get: '{path}'}}]}}}}"
    with pytest.raises(ConfigError):
        load(place(tmp_path, target(), check), environ={"KEY": "sk_test_canary"})
