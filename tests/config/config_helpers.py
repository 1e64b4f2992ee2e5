"""A good configuration that uses most of the grammar, and ways to put it on a disk."""

from pathlib import Path

SERVICE = """\
service: {install: demo, location: shanghai, data: data, listen: "127.0.0.1:8710", max_in_flight: 64, reopen_window: 30m,
  retention: {results: 90d, evidence: 14d}, heartbeat: {url: "https://beat.example/ping", every: 45s}}
targets:
  gateway:
    title: {en: "Gateway", zh: "网关"}
    base_url: https://127.0.0.1:8711/
    dialect: stripe
    signer: {bearer: {token: "${env:GATEWAY_KEY}"}}
    allow_private: [127.0.0.0/8]
    tls: {minimum: "1.3"}
    headers: {X-Canary: "yes"}
    timeout: 10s
    max_concurrency: 4
    idempotency: {header: Idempotency-Key, keep: 24h}
    settle: 3s
    customers_per_minute: 120.5
    body_limit: 64KiB
  port: {base_url: "tcp://127.0.0.1:8583"}
desks:
  desk: {webhook: {url: "http://127.0.0.1:8712/hooks", secret: "${env:DESK_SECRET}", allow_private: [127.0.0.0/8]}}
maintenance:
  - {from: "2026-11-22 02:00", to: "2026-11-22 04:00", zone: Asia/Shanghai, reason: "core switch", targets: gateway}
  - {every: sunday, at: "02:00", lasts: 2h, zone: Europe/Berlin, reason: weekly, checks: [payment]}
modules:
  http_2xx: {get: /, expect: status >= 200 && status < 300, timeout: 5s}
"""
CHECKS = """\
checks:
  payment:
    title: {en: "Payment", zh: "支付"}
    target: gateway
    every: 30s
    budget: 12s
    undo_budget: 20s
    objective: {availability: 99.95%, latency: 800ms}
    labels: {team: payments}
    strata: {brand: [visa, mastercard], currency: [usd]}
    steps:
      - name: authorise
        post: /v1/payment_intents
        form: {amount: 10.00, currency: "${stratum.currency}", confirm: true, payment_method: "pm_card_${stratum.brand}"}
        moves: {hold: "1.00 USD", reference: "${run.reference}", undo: cancel}
        expect: [status == 200, body.status == "requires_capture"]
        save: {intent: body.id}
        timeout: 4s
      - name: capture
        post: /v1/payment_intents/${intent}/capture
        moves: {charge: "1.00 USD", undo: [refund, cancel]}
        outcome: [approved, soft_decline]
    undo:
      cancel: {post: "/v1/payment_intents/${intent}/cancel"}
      refund: {when: intent != "", post: /v1/refunds, form: {payment_intent: "${intent}"}}
  front-door:
    title: Front door
    target: port
    every: 5s
    control: true
    steps: [{name: connect, tcp: }]
"""
RULES = """\
rules:
  failing:
    title: {en: "Failing", zh: "失败"}
    select: {check: "pay*", stratum: "*", labels: {team: pay*}}
    consecutive: {failures: 3, successes: 2}
    severity: p1
    for: 10s
    group_by: [target, rule]
  slow:
    title: Slow
    quantile: {q: 0.95, above: 800ms, window: 10m, min_samples: 20}
    severity: p3
"""
FILES = {"paycanary.yaml": SERVICE, "checks/payment.yaml": CHECKS, "alert_rules/basic.yaml": RULES}
ENVIRON = {"GATEWAY_KEY": "canary-gateway-key", "DESK_SECRET": "canary-desk-secret"}
TARGET = "targets: {gateway: {base_url: https://gateway.example}}\n"


def write(directory: Path, files: dict[str, str | bytes] | None = None) -> Path:
    """The files below ``directory``, and the main one's path."""
    for name, content in (FILES if files is None else files).items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return directory / "paycanary.yaml"
