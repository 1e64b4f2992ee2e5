"""What `tickets check` cannot prove of each kind without writing something at the desk, in plain words for who sets it up."""

from collections.abc import Mapping
from typing import Final

UNPROVEN: Final[Mapping[str, str]] = {
    "webhook": "that the receiver makes a ticket of what it takes",
    "alertmanager": "which receiver its routes send these alerts to: `amtool config routes test` says",
    "roundup": "that the login may make and change issues",
    "request_tracker": "the rights CreateTicket, CommentOnTicket and ModifyTicket in the queue: RT tells a login of none",
    "redmine": "that the tracker's form has the key field, and that its workflow leads to the statuses named",
    "zendesk": "that required fields of the form have values: an agent's ticket may not be solved without them",
    "salesforce": "validation rules and triggers of the organisation",
    "servicenow": "the right to write: the instance's access rules answer only to a write",
    "jira": "that the workflow has a way to a done status and back",
    "jsm_ops": "who is on call for the integration's team",
    "github": "that a fine-grained token may write issues: GitHub shows its user's rights, not the token's",
    "gitlab": "that the token has the scope api: GitLab shows its role, not its scope",
    "pagerduty": "which service the key belongs to and who is on call there: events say no more than that the key is known",
    "incident_io": "which alert routes the source leads to",
    "mail": "",
    "slack": "that the bot is a member of the channel: the first message shows it",
    "teams": "",
    "dingtalk": "",
    "feishu": "",
    "wecom": "",
    "apprise": "",
}
"""Kind -> sentence; "" where the check sends a message and so proves everything."""
