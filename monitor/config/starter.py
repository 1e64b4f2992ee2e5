"""The files that ``paycanary init`` writes. They teach by being read: one idea a file, the rest by name."""

import json

from monitor.config.load import MAIN_FILE

_SERVICE = """\
# yaml-language-server: $schema={schemas}/service.schema.json
# The service, what it watches and whom it tells. `paycanary validate` reads this file and everything it includes.
service:
  install: my-paycanary        # part of every ticket's id: two installations never touch each other's tickets
  location: local              # where the checks run from
  listen: 127.0.0.1:8710       # /metrics, the API and the pages
  data: data                   # results, incidents and tickets that wait
targets:
  my-gateway:
    title: {{en: "My gateway", zh: "我的网关"}}
    base_url: {url}
    timeout: 10s
    # Credentials are references, never values:
    # signer: {{bearer: {{token: "${{env:MY_GATEWAY_KEY}}"}}}}
# Whom to tell. Tickets of an incident: opened, updated, resolved.
# desks:
#   my-desk: {{webhook: {{url: "https://desk.example.com/hooks/paycanary", secret: "${{env:MY_DESK_SECRET}}"}}}}
"""
_CHECKS = """\
# yaml-language-server: $schema=../{schemas}/checks.schema.json
# What is watched, how often, and what must hold. `paycanary explain my-first` says what it will do.
checks:
  my-first:
    title: {{en: "My gateway answers", zh: "我的网关有应答"}}
    target: my-gateway
    every: 30s
    objective: {{availability: 99.9%, latency: 800ms}}
    steps:
      - name: read
        get: /
        expect: status >= 200 && status < 400
"""
_RULES = """\
# yaml-language-server: $schema=../{schemas}/rules.schema.json
# When a series of results is an alarm. Alarms with one cause become one incident and one ticket.
rules:
  failing:
    title: {{en: "It fails", zh: "发生故障"}}
    sequential: {{false_alarms: 1 per 6 months}}
    severity: impact
  silent:
    title: {{en: "Nothing is measured", zh: "没有测量结果"}}
    absence: {{after: 5 intervals}}
    severity: p2
  certificate:
    title: {{en: "Certificate expires", zh: "证书即将过期"}}
    expiry: {{within: 14d}}
    severity: p3
"""


def starter_files(url: str, schemas: str) -> dict[str, str]:
    """File names and texts, the main file first. ``url`` is quoted as it must be."""
    files = {MAIN_FILE: _SERVICE, "checks/my-first.yaml": _CHECKS, "alert_rules/basic.yaml": _RULES}
    return {name: text.format(url=json.dumps(url), schemas=schemas) for name, text in files.items()}
