"""What a login lacks in Jira, asked without writing anything."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any

from monitor.connectors import Answer, Call
from monitor.connectors.judge import Refusal
from monitor.connectors.rest import Rest, rows, told

PERMISSIONS = ("BROWSE_PROJECTS", "CREATE_ISSUES", "ADD_COMMENTS", "TRANSITION_ISSUES")
#: Fields of a new issue that are always given, or that Jira fills in.
GIVEN = frozenset({"project", "issuetype", "summary", "description", "labels", "priority", "reporter"})

Rows = list[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the options name."""

    project: str
    issue_type: str
    priorities: frozenset[str]
    fields: frozenset[str]


def complaints(rest: Rest, wanted: Wanted) -> Generator[Call, Answer, list[str] | Refusal]:
    """Everything that is missing, each with what to do about it; or why nobody can tell."""
    asked = {"projectKey": wanted.project, "permissions": ",".join(PERMISSIONS)}
    answer = yield from rest.raw("GET", "mypermissions", asked)
    if not isinstance(answer, Answer):
        return answer
    if answer.status == 404:
        return [f"Jira has no project {wanted.project} that this login may see"]
    problem = rest.judge(answer, read=True)
    if problem:
        return problem
    lacking = [name for name in PERMISSIONS if not told(answer, f"permissions.{name}").get("havePermission")]
    missing = (
        [f"this login may not in {wanted.project}: {', '.join(lacking)}; a project administrator grants it"] if lacking else []
    )
    types = yield from _listed(rest, f"issue/createmeta/{wanted.project}/issuetypes", "issueTypes")
    if not isinstance(types, list):
        return types
    chosen = next((one for one in types if one.get("name") == wanted.issue_type), None)
    if chosen is None:
        names = ", ".join(sorted(str(one.get("name")) for one in types))
        return [*missing, f"{wanted.project} has no issue type {wanted.issue_type!r}: {names}"]
    fields = yield from _listed(rest, f"issue/createmeta/{wanted.project}/issuetypes/{chosen.get('id')}", "fields")
    return [*missing, *_wrong_fields(wanted, fields)] if isinstance(fields, list) else fields


def _listed(rest: Rest, path: str, name: str) -> Generator[Call, Answer, Rows | Refusal]:
    """Cloud and Data Center call the list differently."""
    answer = yield from rest.read(path, {"maxResults": "200"})
    return (rows(answer, name) or rows(answer, "values") or []) if isinstance(answer, Answer) else answer


def _wrong_fields(wanted: Wanted, fields: Rows) -> list[str]:
    """Of the create screen. An issue without its label would not be found again."""
    offered = {str(one.get("fieldId") or one.get("key")): one for one in fields}
    if not offered:
        return []
    needed = {"labels"} | wanted.fields | ({"priority"} if wanted.priorities else set())
    wrong = [
        f"the create screen of {wanted.issue_type} has no field {name}: put it there" for name in sorted(needed - set(offered))
    ]
    given = GIVEN | wanted.fields
    for name, one in offered.items():
        if one.get("required") and not one.get("hasDefaultValue") and name not in given:
            wrong.append(f"{wanted.issue_type} requires {one.get('name') or name}: give it under fields as {name}")
    values = offered.get("priority", {}).get("allowedValues") or []
    names = {str(value.get("name")) for value in values if isinstance(value, dict)}
    unknown = sorted(wanted.priorities - names) if names else []
    return [*wrong, *(f"there is no priority {name!r}, only {', '.join(sorted(names))}" for name in unknown)]
