"""What a login lacks in Redmine, asked without writing anything. Rights are those of its roles in the project."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any

from monitor.connectors import Answer, Call
from monitor.connectors.judge import Refusal
from monitor.connectors.rest import Rest, at, rows, segment, told

#: Redmine's own name of a right -> what it is called where roles are edited.
RIGHTS: Mapping[str, str] = {
    "view_issues": "View issues",
    "add_issues": "Add issues",
    "edit_issues": "Edit issues",
    "add_issue_notes": "Add notes",
}
PRIVATE_RIGHTS: Mapping[str, str] = {"set_notes_private": "Set notes as private", "view_private_notes": "View private notes"}
#: A login with more roles than this in one project is asked about the first ones.
ROLES_MAX = 5

Asked = Generator[Call, Answer, "Answer | Refusal"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the options name, each by its name or its number."""

    project: str
    tracker: int | str | None
    key_field: int | str
    statuses: tuple[int | str, ...]
    priorities: tuple[int | str, ...]
    private: bool


def complaints(rest: Rest, wanted: Wanted) -> Generator[Call, Answer, list[str] | Refusal]:
    """Everything that is missing, each with what to do about it; or why nobody can tell."""
    login = yield from rest.read("users/current.json", {"include": "memberships"})
    if not isinstance(login, Answer):
        return login
    project = yield from rest.raw("GET", f"projects/{segment(wanted.project)}.json", {"include": _INCLUDED})
    if not isinstance(project, Answer):
        return project
    if project.status in (403, 404):
        return [f"Redmine has no project {wanted.project!r} that this login may see: make it a member there"]
    problem = rest.judge(project, read=True)
    if problem:
        return problem
    missing = _of_project(project, wanted)
    for path, place, what, names in (
        ("issue_statuses.json", "issue_statuses", "status", wanted.statuses),
        ("enumerations/issue_priorities.json", "issue_priorities", "priority", wanted.priorities),
    ):
        answer = yield from rest.read(path)
        if not isinstance(answer, Answer):
            return answer
        missing += _absent(rows(answer, place) or [], what, names)
    lacking = yield from _rights(rest, login, told(project, "project").get("id"), wanted)
    return [*missing, *lacking] if isinstance(lacking, list) else lacking


_INCLUDED = "trackers,issue_custom_fields,enabled_modules"


def _of_project(answer: Answer, wanted: Wanted) -> list[str]:
    modules = [one.get("name") for one in rows(answer, "project.enabled_modules") or []]
    missing = (
        [] if "issue_tracking" in modules else [f"project {wanted.project} has no issues: enable its module “Issue tracking”"]
    )
    if wanted.tracker is not None:
        missing += _absent(rows(answer, "project.trackers") or [], "tracker", (wanted.tracker,))
    fields = rows(answer, "project.issue_custom_fields") or []
    if _absent(fields, "", (wanted.key_field,)):
        missing.append(
            f"project {wanted.project} has no custom field {wanted.key_field!r} for issues: make one of format Text, used as a filter"
        )
    return missing


def _absent(listed: list[Mapping[str, Any]], what: str, names: tuple[int | str, ...]) -> list[str]:
    known = {one.get(key) for one in listed for key in ("id", "name")}
    offered = ", ".join(str(one.get("name")) for one in listed)
    return [f"there is no {what} {name!r}, only {offered or 'none'}" for name in dict.fromkeys(names) if name not in known]


def _rights(rest: Rest, login: Answer, project: object, wanted: Wanted) -> Generator[Call, Answer, list[str] | Refusal]:
    if at(told(login), "user.admin") is True:
        return []
    memberships = rows(login, "user.memberships") or []
    roles = [role for one in memberships if at(one, "project.id") == project for role in one.get("roles") or []]
    if not roles:
        return [f"this login has no role in project {wanted.project}: make it a member there"]
    held: set[str] = set()
    for role in roles[:ROLES_MAX]:
        answer = yield from rest.read(f"roles/{segment(str(role.get('id')))}.json")
        if not isinstance(answer, Answer):
            return answer
        held |= {str(one) for one in told(answer, "role").get("permissions") or []}
    needed = {**RIGHTS, **(PRIVATE_RIGHTS if wanted.private else {})}
    lacking = [called for right, called in needed.items() if right not in held]
    named = ", ".join(str(role.get("name")) for role in roles)
    return [f"this login's role there ({named}) may not: {', '.join(lacking)}"] if lacking else []
