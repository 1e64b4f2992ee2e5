"""Hosts at which real money moves, and the test hosts beside them; and credentials that say of themselves that they are live.

Sources are the gateways' own pages on environments and keys. Where one host serves both (Stripe, Mollie, Razorpay, Mastercard Gateway)
the credential or the merchant's name decides, and the host stands on neither list.
"""

import re
import unicodedata
from urllib.parse import unquote, urlsplit

#: A name, or everything below it when it begins with a dot.
LIVE: tuple[tuple[str, str], ...] = (
    (".adyenpayments.com", "docs.adyen.com, Live endpoints"),
    ("pal-live.adyen.com", "docs.adyen.com, Live endpoints"),
    ("checkout-live.adyen.com", "docs.adyen.com, Live endpoints"),
    ("api.paypal.com", "developer.paypal.com, API requests"),
    ("api-m.paypal.com", "developer.paypal.com, API requests"),
    ("api.checkout.com", "checkout.com/docs, API endpoints"),
    (".api.checkout.com", "checkout.com/docs, API endpoints"),
    ("connect.squareup.com", "developer.squareup.com, Sandbox"),
    ("payments.braintree-api.com", "graphql.braintreepayments.com, Making API calls"),
    ("api.braintreegateway.com", "developer.paypal.com/braintree"),
    ("gateway.95516.com", "open.unionpay.com"),
    ("openapi.alipay.com", "opendocs.alipay.com"),
    ("api.mch.weixin.qq.com", "pay.wechatpay.cn/doc/v3: it has no test environment"),
    ("api2.mch.weixin.qq.com", "pay.wechatpay.cn/doc/v3: it has no test environment"),
    ("access.worldpay.com", "developer.worldpay.com"),
    ("secure.worldpay.com", "developer.worldpay.com"),
    ("api.cybersource.com", "developer.cybersource.com"),
    ("api.authorize.net", "developer.authorize.net"),
    ("api.klarna.com", "docs.klarna.com, API URLs"),
    ("api.mastercard.com", "developer.mastercard.com"),
    ("api.visa.com", "developer.visa.com"),
)
#: Test hosts of Mastercard Gateway: a merchant's name there need not begin with TEST.
MASTERCARD_TEST = frozenset({"test-gateway.mastercard.com", "mtf.gateway.mastercard.com"})
#: Live credentials by their own spelling: Stripe and its kin, Razorpay, Mollie and GoCardless, Braintree, Flutterwave, Mercado Pago.
LIVE_CREDENTIAL = re.compile(
    r"(?:^|[^A-Za-z0-9])(?:[sprw]k_live_|rzp_live_|live_[A-Za-z0-9]{20}|access_token\$production\$|FLWSECK-(?!TEST)|APP_USR-)"
)


def host_of(url: str) -> str:
    """The host as it will be looked up: no case, escapes, full-width letters or trailing dot can disguise it."""
    try:
        host = urlsplit(unicodedata.normalize("NFKC", unquote(url))).hostname or ""
    except ValueError:
        return ""
    return host.replace("。", ".").rstrip(".").lower()


def is_live_host(host: str) -> bool:
    return any(host.endswith(name) if name.startswith(".") else host == name for name, _ in LIVE)


def looks_live(credential: str) -> bool:
    return LIVE_CREDENTIAL.search(credential) is not None
