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

_SERVICE = """
service: {{install: bench, location: fra, data: data}}
include: {{checks: checks.yaml}}
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

_COMMON = """
  neighbour-liveness:
    title: {en: "Another gateway: front door", zh: "另一网关：服务状态"}
    target: neighbour
    every: 30s
    budget: 3s
    steps:
      - name: information
        get: /api/rest/version/100/information
        expect: body.status == "OPERATING"

  reference:
    title: {en: "Reference", zh: "参照站点"}
    target: reference
    control: true
    every: 30s
    budget: 3s
    steps:
      - name: page
        get: /
        expect: status == 200
"""

_TOKEN = """
      - name: token
        post: /oauth2/token
        form: {grant_type: client_credentials, scope: payments}
        expect: size(body.access_token) > 0
"""

_MASTERCARD = """
checks:
  liveness:
    title: {en: "Gateway: front door", zh: "网关：服务状态"}
    target: gateway
    every: 30s
    budget: 3s
    steps:
      - name: information
        get: /api/rest/version/100/information
        expect: body.status == "OPERATING"

  payment:
    title: {en: "Gateway: authorise, read, void", zh: "网关：预授权、查询、撤销"}
    target: gateway
    every: 30s
    budget: 5s
    strata: {brand: [visa, mastercard], card: [first, second]}
    steps:
      - name: authorise
        put: /api/rest/version/100/merchant/TESTCANARY/order/${run.reference}/transaction/1
        json:
          apiOperation: AUTHORIZE
          order: {amount: "1.00", currency: USD, reference: "${run.reference}"}
          sourceOfFunds:
            type: CARD
            provided:
              card:
                number: '${stratum.brand == "visa" ? (stratum.card == "first" ? "4508750015741019" : "4012000033330026") : (stratum.card == "first" ? "5123450000000008" : "2223000000000007")}'
                expiry: {month: "01", year: "39"}
                securityCode: "100"
        moves: {hold: "1.00 USD", undo: reverse, reference: "${run.reference}"}
        expect:
          - body.response.gatewayCode == "APPROVED"
          - body.order.currency == "USD" && minor(body.order.amount, "USD") == 100
      - name: retrieve
        get: /api/rest/version/100/merchant/TESTCANARY/order/${run.reference}
        expect:
          - body.status == "AUTHORIZED"
          - minor(body.amount, "USD") == 100
      - name: void
        put: /api/rest/version/100/merchant/TESTCANARY/order/${run.reference}/transaction/2
        json: {apiOperation: VOID, transaction: {targetTransactionId: "1"}}
        expect: body.result == "SUCCESS"
        save: {voided: body.result}
    undo:
      reverse:
        when: voided != "SUCCESS"
        put: /api/rest/version/100/merchant/TESTCANARY/order/${run.reference}/transaction/undo
        json: {apiOperation: VOID, transaction: {targetTransactionId: "1"}}

  history:
    title: {en: "Gateway: transaction history", zh: "网关：交易记录查询"}
    target: gateway
    every: 30s
    budget: 3s
    steps:
      - name: search
        get: /api/rest/version/100/merchant/TESTCANARY/order
        query: {reference: "pc-*", limit: "10"}
        expect: size(body.order) <= 10

  declines:
    title: {en: "Gateway: a card that must be declined", zh: "网关：应当被拒绝的卡"}
    target: gateway
    every: 3h
    budget: 5s
    steps:
      - name: authorise
        put: /api/rest/version/100/merchant/TESTCANARY/order/${run.reference}/transaction/1
        json:
          apiOperation: AUTHORIZE
          order: {amount: "1.00", currency: USD, reference: "${run.reference}"}
          sourceOfFunds:
            type: CARD
            provided:
              card: {number: "5111111111111118", expiry: {month: "05", year: "39"}, securityCode: "100"}
        moves: {hold: "1.00 USD", undo: reverse, reference: "${run.reference}"}
        outcome: soft_decline
        expect: body.response.gatewayCode == "DECLINED"
    undo:
      reverse:
        put: /api/rest/version/100/merchant/TESTCANARY/order/${run.reference}/transaction/undo
        json: {apiOperation: VOID, transaction: {targetTransactionId: "1"}}

  replay:
    title: {en: "Gateway: the same request twice is one deed", zh: "网关：相同请求只执行一次"}
    target: gateway
    every: 30s
    budget: 5s
    steps:
      - name: authorise
        put: /api/rest/version/100/merchant/TESTCANARY/order/${run.reference}/transaction/1
        json: &same
          apiOperation: AUTHORIZE
          order: {amount: "1.00", currency: USD, reference: "${run.reference}"}
          sourceOfFunds:
            type: CARD
            provided:
              card: {number: "5111111111111118", expiry: {month: "01", year: "39"}, securityCode: "100"}
        moves: {hold: "1.00 USD", undo: reverse, reference: "${run.reference}"}
        expect: body.response.gatewayCode == "APPROVED"
        save: {recorded: body.timeOfRecord}
      - name: replay
        put: /api/rest/version/100/merchant/TESTCANARY/order/${run.reference}/transaction/1
        json: *same
        moves: {hold: "1.00 USD", undo: reverse, reference: "${run.reference}"}
        expect: body.timeOfRecord == recorded
    undo:
      reverse:
        put: /api/rest/version/100/merchant/TESTCANARY/order/${run.reference}/transaction/undo
        json: {apiOperation: VOID, transaction: {targetTransactionId: "1"}}

  token:
    title: {en: "Gateway: token, then a read", zh: "网关：获取令牌后查询"}
    target: gateway
    every: 30s
    budget: 3s
    steps:TOKEN_STEP
      - name: search
        get: /api/rest/version/100/merchant/TESTCANARY/order
        query: {reference: "pc-*", limit: "1"}
        expect: size(body.order) <= 1
"""

_STRIPE = """
checks:
  payment:
    title: {en: "Gateway: authorise, read, cancel", zh: "网关：预授权、查询、撤销"}
    target: gateway
    every: 30s
    budget: 5s
    strata: {brand: [visa, mastercard], card: [first, second]}
    steps:
      - name: create
        post: /v1/payment_intents
        form:
          amount: 100
          currency: usd
          capture_method: manual
          "payment_method_types[]": card
          payment_method: 'pm_card_${stratum.brand}${stratum.card == "second" ? "_debit" : ""}'
          metadata: {canary: "${run.reference}"}
        expect: body.status == "requires_confirmation" && body.amount == 100
        save: {intent: body.id}
      - name: authorise
        post: /v1/payment_intents/${intent}/confirm
        moves: {hold: "1.00 USD", undo: cancel, reference: "${run.reference}"}
        expect: body.status == "requires_capture" && body.amount == 100
      - name: retrieve
        get: /v1/payment_intents/${intent}
        expect: body.status == "requires_capture" && body.amount == 100
    undo:
      cancel:
        post: /v1/payment_intents/${intent}/cancel
        expect: body.status == "canceled"

  history:
    title: {en: "Gateway: balance and payment list", zh: "网关：余额与支付记录查询"}
    target: gateway
    every: 30s
    budget: 3s
    steps:
      - name: balance
        get: /v1/balance
        expect: has(body.available)
      - name: list
        get: /v1/payment_intents
        query: {limit: "10"}
        expect: size(body.data) <= 10

  declines:
    title: {en: "Gateway: a card that must be declined", zh: "网关：应当被拒绝的卡"}
    target: gateway
    every: 3h
    budget: 5s
    steps:
      - name: create
        post: /v1/payment_intents
        form:
          amount: 100
          currency: usd
          capture_method: manual
          "payment_method_types[]": card
          payment_method: pm_card_visa_chargeDeclined
          metadata: {canary: "${run.reference}"}
        expect: body.status == "requires_confirmation"
        save: {intent: body.id}
      - name: authorise
        post: /v1/payment_intents/${intent}/confirm
        moves: {hold: "1.00 USD", undo: cancel, reference: "${run.reference}"}
        outcome: soft_decline
        expect: status == 402 && body.error.code == "card_declined"
    undo:
      cancel:
        post: /v1/payment_intents/${intent}/cancel

  token:
    title: {en: "Gateway: token, then a read", zh: "网关：获取令牌后查询"}
    target: gateway
    every: 30s
    budget: 3s
    steps:TOKEN_STEP
      - name: list
        get: /v1/payment_intents
        query: {limit: "1"}
        expect: size(body.data) <= 1
"""

_CHECKS = {"mastercard": _MASTERCARD, "stripe": _STRIPE}
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
    checks = _CHECKS[dialect].replace("TOKEN_STEP", _TOKEN.rstrip())
    if slip:
        checks = checks.replace(*_SLIPS[dialect], 1)
    (home / "paycanary.yaml").write_text(text, encoding="utf-8")
    (home / "checks.yaml").write_text(checks + _COMMON, encoding="utf-8")
    return load(home / "paycanary.yaml")
