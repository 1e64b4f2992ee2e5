"""Builds the reference pages and schemas from the code they describe: `make docs`. A test builds them again and compares.

docs/metrics.md, docs/commands.md, docs/api.md, docs/options.md and schemas/*.json are written by this file; do not edit them.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from monitor.cli import build as build_cli
from monitor.config.schema import FILES, file_name, schema
from monitor.exporter.catalogue import METRICS
from monitor.web.api import ROUTES

ROOT = Path(__file__).parent.parent
NOTE = "<!-- Written by docs/build.py: run `make docs`. -->\n"


def pages() -> Iterator[tuple[Path, str]]:
    """Every generated file and its text."""
    yield ROOT / "docs" / "metrics.md", metrics()
    yield ROOT / "docs" / "commands.md", commands()
    yield ROOT / "docs" / "api.md", api()
    yield ROOT / "docs" / "options.md", options()
    for kind in FILES:
        text = json.dumps(schema(kind), indent=1, ensure_ascii=False, sort_keys=True)
        yield ROOT / "schemas" / file_name(kind), text + "\n"


def metrics() -> str:
    lines = [
        NOTE,
        "# Metrics\n",
        "Base units; expiries as instants. Label values come from closed sets: ids of the configuration and enums.\n",
    ]
    lines += ["| metric | kind | labels | what |", "|---|---|---|---|"]
    lines += [f"| `{one.name}` | {one.kind} | {', '.join(one.labels) or '-'} | {one.help} |" for one in METRICS]
    return "\n".join(lines) + "\n"


def api() -> str:
    lines = [
        NOTE,
        "# HTTP interface\n",
        "The same as OpenAPI: `GET /api/v1/openapi.json`. Loopback only, unless a token and TLS or a proxy are configured.\n",
    ]
    lines += [
        "| request | what |",
        "|---|---|",
        "| `GET /` | The overview page. |",
        "| `GET /incidents/{id}` | One incident's page. |",
    ]
    lines += ["| `GET /probe?target=&module=` | blackbox_exporter's metrics, for configured targets; `debug=true` explains. |"]
    lines += [f"| `{route.method} {route.path}` | {route.summary} |" for route in ROUTES]
    return "\n".join(lines) + "\n"


def commands() -> str:
    """Every command with its options, walked from the application itself."""
    from typer.main import get_command

    root: Any = get_command(build_cli())
    lines = [
        NOTE,
        "# Commands\n",
        "Exit codes: 0 ok, 1 a check failed, 2 bad configuration or usage, 3 an upstream could not be reached.\n",
    ]
    for name, command in root.commands.items():
        lines += list(_command(f"paycanary {name}", command))
    return "\n".join(lines) + "\n"


def _command(name: str, command: Any) -> Iterator[str]:
    children = getattr(command, "commands", None)
    if children:
        for child, inner in children.items():
            yield from _command(f"{name} {child}", inner)
        return
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    shown = " ".join(f"{one.name.upper()}" if one.required else f"[{one.name.upper()}]" for one in arguments)
    yield f"## `{name} {shown}".rstrip() + "`"
    yield ""
    yield (command.help or "").split("\n\n")[0].replace("\n", " ").strip() + "\n"
    rows = [one for one in command.params if one.param_type_name == "option" and one.name != "help" and not one.hidden]
    if rows:
        yield from ("| option | what |", "|---|---|")
        yield from (f"| `{', '.join(one.opts)}` | {(one.help or '').replace('|', '/')} |" for one in rows)
        yield ""


def options() -> str:
    """Every mapping that may stand in a configuration file."""
    lines = [
        NOTE,
        "# Configuration: every option\n",
        "[configuration.md](configuration.md) explains; this page lists. Editors read the same from `schemas/`.\n",
    ]
    seen: set[str] = set()
    for kind in FILES:
        document = schema(kind)
        lines += [f"## {document['title']}\n", *_table(document)]
        for name, definition in sorted(document["$defs"].items()):
            if "properties" in definition and name not in seen:
                seen.add(name)
                lines += [
                    f"### {name}\n",
                    (definition.get("description") or "").split("\n\n")[0].replace("\n", " ") + "\n",
                    *_table(definition),
                ]
    return "\n".join(lines) + "\n"


def _table(definition: dict[str, Any]) -> Iterator[str]:
    required = set(definition.get("required", ()))
    yield from ("| option | type | default | what |", "|---|---|---|---|")
    for name, one in definition["properties"].items():
        default = (
            "required" if name in required else f"`{json.dumps(one['default'], ensure_ascii=False)}`" if "default" in one else ""
        )
        yield f"| `{name}` | {_type(one)} | {default} | {one.get('description', '').replace(chr(10), ' ').replace('|', '/')} |"
    yield ""


def _type(one: dict[str, Any]) -> str:
    if "$ref" in one:
        return one["$ref"].rsplit("/", 1)[-1]
    if "enum" in one:
        return ", ".join(f"`{value}`" for value in one["enum"])
    if "examples" in one:
        return f"like `{one['examples'][0]}`"
    for several in ("anyOf", "oneOf"):
        if several in one:
            return " or ".join(dict.fromkeys(_type(part) for part in one[several] if part.get("type") != "null"))
    kind = str(one.get("type", "any"))
    return f"list of {_type(one['items'])}" if kind == "array" and "items" in one else kind


def main() -> None:
    for path, text in pages():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(f"wrote {path.relative_to(ROOT)}", file=sys.stderr)


if __name__ == "__main__":
    main()
