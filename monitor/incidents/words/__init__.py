"""What people read of an incident: title, ticket, news, end, notice to customers, text for the gateway's support; in two languages."""

from monitor.incidents.words.words import Words

__all__ = ["Words"]
