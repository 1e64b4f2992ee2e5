"""What the documents say is so: commands, options, metrics, files, links and every YAML example."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from monitor.cli import COMMANDS, build
from monitor.cli.once import shape
from monitor.config import load
from monitor.model.outcome import Outcome
from monitor.model.result import Result, StepResult

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
WRITTEN_BY_HAND = [page for page in PAGES if "Written by docs/build.py" not in page.read_text(encoding="utf-8")]
#: Words of the workplace, not of the project.
FOREIGN = re.compile(r"/wor[k]/|/tm[p]/|issue \#?\d|\b[MFD]\d{1,2}\b of facts|facts/|shared/")


def docs_builder() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_build", ROOT / "docs" / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_reference_pages_and_schemas_are_as_the_code_is() -> None:
    stale = [path.name for path, text in docs_builder().pages() if not path.exists() or path.read_text(encoding="utf-8") != text]

    assert stale == [], "run `make docs`"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_named_exists(page: Path) -> None:
    app = build()
    groups = {
        group.name: {c.name or c.callback.__name__ for c in group.typer_instance.registered_commands}
        for group in app.registered_groups
    }
    for name, sub in re.findall(r"paycanary ([a-z]+)(?: ([a-z]+)\b)?", page.read_text(encoding="utf-8")):
        if name in groups and sub:
            assert sub in {word.rstrip("_") for word in groups[name]}, f"paycanary {name} {sub}"
        elif f"`paycanary {name}" in page.read_text(encoding="utf-8"):
            assert name in COMMANDS, f"paycanary {name}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
        if "://" not in link:
            assert (page.parent / link).exists(), link


@pytest.mark.parametrize("target", re.findall(r"`make ([a-z-]+)`", "".join(page.read_text(encoding="utf-8") for page in PAGES)))
def test_every_make_target_named_exists(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


def examples() -> list[tuple[str, str]]:
    found = []
    for page in (ROOT / "README.md", ROOT / "docs" / "configuration.md"):
        found += [
            (f"{page.name}:{n}", text)
            for n, text in enumerate(re.findall(r"```yaml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL))
        ]
    return found


@pytest.mark.parametrize(("where", "text"), examples(), ids=lambda value: value.split("\n")[0][:24])
def test_every_yaml_example_is_a_valid_configuration(where: str, text: str, tmp_path: Path) -> None:
    """Each example is put where it belongs, with the least that it needs around it."""
    target = "targets: {gateway: {base_url: https://gateway.example.com, dialect: mastercard}, my-gateway: {base_url: https://a.example.com}}\n"
    main = "include: {checks: ['checks.yaml'], rules: ['rules.yaml']}\n"
    check = "checks: {front-door: {title: a, target: gateway, every: 30s, steps: [{name: read, get: /}]}}\n"
    rule = "rules: {failing: {title: failing, consecutive: {failures: 3}, severity: p1}}\n"
    kind = text.split(":", maxsplit=1)[0]
    files = {"targets": main + text, "desks": main + target + text}.get(kind, main + target)
    (tmp_path / "paycanary.yaml").write_text(files, encoding="utf-8")
    own = "my-gateway" in text and kind == "targets"
    (tmp_path / "checks.yaml").write_text(
        text if kind == "checks" else check.replace("gateway", "my-gateway") if own else check, encoding="utf-8"
    )
    (tmp_path / "rules.yaml").write_text((text if kind == "rules" else rule).replace('"card-*"', '"*"'), encoding="utf-8")

    load(tmp_path / "paycanary.yaml", resolve_secrets=False)


def test_the_json_of_once_has_exactly_the_names_documented() -> None:
    step = StepResult("read", Outcome.OK, good=True, duration_seconds=0.1)
    made = shape(Result("r", "c", "t", "l", 1, "", 0.0, 0.0, 0.0, 0.1, Outcome.OK, good=True, steps=(step,)))
    page = (ROOT / "docs" / "once.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([a-z_]+)`", page))

    assert set(made) | set(made["steps"][0]) <= named
    assert all(str(outcome) in page for outcome in Outcome)


def test_the_project_speaks_of_itself_alone() -> None:
    files = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    said = [
        f"{name}: {match.group()}"
        for name in files
        if (ROOT / name).suffix in {".py", ".md", ".yaml", ".html", ".sql", ".toml"}
        and name != "tests/house/test_docs.py"
        and (ROOT / name).exists()
        for match in FOREIGN.finditer((ROOT / name).read_text(encoding="utf-8", errors="replace"))
    ]

    assert said == []


def test_help_of_every_command_reads(capfd: pytest.CaptureFixture[str]) -> None:
    for name in COMMANDS:
        run = subprocess.run([sys.executable, "-m", "monitor", name, "--help"], capture_output=True, text=True, check=False)
        assert run.returncode == 0, name
        assert "Usage" in run.stdout
