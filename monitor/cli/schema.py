"""``paycanary schema``."""

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from monitor.config import schema as schemas


class Kind(StrEnum):
    SERVICE = "service"
    CHECKS = "checks"
    RULES = "rules"


def schema(
    kind: Annotated[Kind, typer.Option(help="Which kind of file, when printing one.")] = Kind.CHECKS,
    out: Annotated[Path | None, typer.Option(help="Write the schemas of all kinds into this directory instead.")] = None,
) -> None:
    """JSON Schemas of the configuration files, for editors.

    An editor with a YAML language server reads the first line of a file: `# yaml-language-server: $schema=PATH`.
    """
    if out is None:
        typer.echo(render(kind), nl=False)
        return
    for path in write_all(out):
        typer.echo(path)


def render(kind: str) -> str:
    return json.dumps(schemas.schema(kind), indent=2, ensure_ascii=False) + "\n"


def write_all(directory: Path) -> list[Path]:
    """The schemas of all kinds as files in ``directory``."""
    directory.mkdir(parents=True, exist_ok=True)
    paths = []
    for kind in schemas.FILES:
        path = directory / schemas.file_name(kind)
        path.write_text(render(kind), encoding="utf-8")
        paths.append(path)
    return paths
