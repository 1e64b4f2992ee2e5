"""Every kind of desk. A new kind is a file beside this one and a line here."""

from typing import Final

from monitor.connectors import Connector
from monitor.connectors.alertmanager import AlertmanagerConnector
from monitor.connectors.apprise import AppriseConnector
from monitor.connectors.dingtalk import DingTalkConnector
from monitor.connectors.feishu import FeishuConnector
from monitor.connectors.github import GitHubConnector
from monitor.connectors.gitlab import GitLabConnector
from monitor.connectors.incident_io import IncidentIoConnector
from monitor.connectors.jira import JiraConnector
from monitor.connectors.jsm_ops import JsmOpsConnector
from monitor.connectors.mail import MailConnector
from monitor.connectors.pagerduty import PagerDutyConnector
from monitor.connectors.redmine import RedmineConnector
from monitor.connectors.request_tracker import RequestTrackerConnector
from monitor.connectors.roundup import RoundupConnector
from monitor.connectors.salesforce import SalesforceConnector
from monitor.connectors.servicenow import ServiceNowConnector
from monitor.connectors.slack import SlackConnector
from monitor.connectors.teams import TeamsConnector
from monitor.connectors.webhook import WebhookConnector
from monitor.connectors.wecom import WeComConnector
from monitor.connectors.zendesk import ZendeskConnector

_ALL: tuple[type[Connector], ...] = (
    WebhookConnector,
    AlertmanagerConnector,
    RoundupConnector,
    RequestTrackerConnector,
    RedmineConnector,
    ZendeskConnector,
    SalesforceConnector,
    ServiceNowConnector,
    JiraConnector,
    JsmOpsConnector,
    GitHubConnector,
    GitLabConnector,
    PagerDutyConnector,
    IncidentIoConnector,
    MailConnector,
    SlackConnector,
    TeamsConnector,
    DingTalkConnector,
    FeishuConnector,
    WeComConnector,
    AppriseConnector,
)
#: kind -> class; ``KINDS[kind](options)`` makes one from an instance of its ``Options``.
KINDS: Final[dict[str, type[Connector]]] = {one.kind: one for one in _ALL}
