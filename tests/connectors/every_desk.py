"""Options that are enough to make one of every kind of desk."""

from typing import Any

from connector_contract import secret

from monitor.model.secret import Secret

LOGIN = {"url": "https://desk.test", "client_id": "paycanary", "client_secret": secret()}
DESKS: dict[str, dict[str, Any]] = {
    "zendesk": LOGIN,
    "servicenow": {"url": "https://desk.test", "api_key": secret()},
    "jira": {"url": "https://desk.test", "email": "canary@example.com", "token": secret(), "project": "PAY"},
    "jira data center": {"url": "https://desk.test", "edition": "data_center", "token": secret(), "project": "PAY"},
    "github": {"url": "https://desk.test", "repository": "payments/ops", "token": secret()},
    "gitlab": {"url": "https://desk.test", "project": "payments/ops", "token": secret()},
    "incident_io": {"url": "https://desk.test", "source": "01SOURCE", "token": secret()},
    "request_tracker": {"url": "https://desk.test", "token": secret(), "queue": "Payments"},
    "dingtalk": {"token": secret(), "secret": secret()},
    "feishu": {"url": Secret("https://open.feishu.cn/robot"), "secret": secret()},
    "wecom": {"key": secret()},
    "teams": {"url": Secret("https://prod.example/robot")},
    "slack": {"token": secret(), "channel": "C0123456"},
    "mail": {"server": "smtps://mail.example.com", "sender": "a@example.com", "to": ["b@example.com"]},
    "salesforce": LOGIN,
    "redmine": {"url": "https://desk.test", "api_key": secret(), "project": "payments"},
    "roundup": {"url": "https://desk.test", "username": "monitor", "password": secret()},
    "jsm_ops": {"api_key": secret()},
    "pagerduty": {"routing_key": secret()},
    "alertmanager": {"urls": ["https://desk.test"]},
    "webhook": {"url": "https://desk.test", "secret": secret()},
    "apprise": {"target": Secret("json://desk.test")},
}
