"""The commands that begin with a configuration: validate, explain, schema, init."""

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from config_helpers import CHECKS, ENVIRON, FILES, RULES, SERVICE, write
from typer.testing import CliRunner, Result

from monitor.cli import build
from monitor.config import Problem, load
from monitor.config.plan import blind_undo, plan
from monitor.config.reader import read
from monitor.config.schema import FILES as SCHEMAS
from monitor.config.schema import schema
from monitor.model.money import Money


def run(*words: str) -> Result:
    return CliRunner().invoke(build(words[0]), list(words), env={"COLUMNS": "200", "TERM": "dumb"})


def test_validate_says_what_there_is(tmp_path: Path) -> None:
    result = run("validate", str(write(tmp_path)))

    assert 0 == result.exit_code
    assert "2 checks, 3 steps, 2 targets, 2 rules, 1 desk, 2 maintenance windows" in result.stdout
    assert "--secrets opens them" in result.stdout


def test_validate_follows_secrets_when_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    main = str(write(tmp_path))

    assert 2 == run("validate", main, "--secrets").exit_code
    for name, value in ENVIRON.items():
        monkeypatch.setenv(name, value)
    assert 0 == run("validate", main, "--secrets").exit_code


def test_explain_tells_the_whole_story_of_a_check(tmp_path: Path) -> None:
    shown = run("explain", "payment", "--config", str(write(tmp_path))).stdout

    for line in (
        "1  authorise  POST /v1/payment_intents",
        'expects body.status == "requires_capture"',
        "saves intent = body.id",
        "moves money: charge 1.00 USD, taken back by refund, else cancel",
        "time-out 10.00 s, outcome approved or soft_decline",
        'only when intent != ""',
        "at most 3 requests per run: 360 per hour, 8,640 per day",
        "2 strata in turn, each once in 1 min 00 s: brand=visa,currency=usd; brand=mastercard,currency=usd",
        "open during a run: at most 1.00 USD",
        "charged and taken back again: 1.00 USD per run, 2880.00 USD per day",
        "worst case, when every undo fails: 120.00 USD left open per hour until somebody acts",
        "note: cancel needs intent from the step it undoes; without that step's answer it cannot run",
        "available 99.95 %: at most 21 min 36 s or 43 of 86,400 runs down in 30 days",
        "a run within 800 ms",
        "failing (p1): Failing: consecutive (failures 3, successes 2), for 10.00 s",
        "slow (p3): Slow: quantile (q 0.95, above 800 ms, window 10 min 00 s",
    ):
        assert line in shown


def test_explain_speaks_chinese_titles(tmp_path: Path) -> None:
    assert "支付" in run("explain", "payment", "--config", str(write(tmp_path)), "--lang", "zh").stdout


def test_explain_says_when_nobody_watches(tmp_path: Path) -> None:
    assert "nobody is told" in run("explain", "front-door", "--config", str(write(tmp_path))).stdout


def test_explain_of_an_unknown_check_suggests_one(tmp_path: Path) -> None:
    result = run("explain", "paymnt", "--config", str(write(tmp_path)))

    assert 2 == result.exit_code
    assert 'did you mean "payment"?' in result.stderr


def test_a_capture_takes_its_hold_over_and_nothing_is_counted_twice(tmp_path: Path) -> None:
    check = load(write(tmp_path), environ=ENVIRON).checks["payment"]
    planned = plan(check)

    assert [("capture", ("refund", "cancel"))] == [(debt.step, debt.undo) for debt in planned.debts]
    assert ((Money(100, "USD"),), (Money(100, "USD"),)) == (planned.exposure, planned.turnover)
    assert (3, 32) == (planned.requests_per_run, planned.longest_seconds)
    assert [("cancel", ("intent",))] == blind_undo(check)


def test_holds_of_two_steps_are_open_together(tmp_path: Path) -> None:
    checks = CHECKS.replace("undo: [refund, cancel]", "undo: refund")
    check = load(write(tmp_path, {**FILES, "checks/payment.yaml": checks}), environ=ENVIRON).checks["payment"]

    assert (Money(200, "USD"),) == plan(check).exposure
    assert 4 == plan(check).requests_per_run


def test_init_writes_what_validate_accepts(tmp_path: Path) -> None:
    made = run("init", str(tmp_path / "mine"), "--url", "https://pay.example/api")

    assert 0 == made.exit_code
    assert "next: paycanary once my-first" in made.stdout
    assert 0 == run("validate", str(tmp_path / "mine"), "--secrets").exit_code
    config = load(tmp_path / "mine")
    assert "https://pay.example/api" == config.targets["my-gateway"].base_url
    assert {"my-first"} == set(config.checks)


def test_every_file_of_init_leads_an_editor_to_its_schema(tmp_path: Path) -> None:
    run("init", str(tmp_path))
    for name in ("paycanary.yaml", "checks/my-first.yaml", "alert_rules/basic.yaml"):
        first = (tmp_path / name).read_text().splitlines()[0]
        found = re.fullmatch(r"# yaml-language-server: \$schema=(.+)", first)
        assert found
        assert json.loads(((tmp_path / name).parent / found[1]).read_text())["$schema"]


def test_a_caret_stands_under_what_it_means_after_wide_characters_too() -> None:
    problem = Problem("a.yaml", 1, 5, "x", "expected y", source_line="网关: 好")

    assert "      1 | 网关: 好\n        | \u3000\u3000  ^" == str(problem).partition("\n")[2]


def test_init_overwrites_nothing(tmp_path: Path) -> None:
    write(tmp_path, {"checks/my-first.yaml": "mine"})
    result = run("init", str(tmp_path))

    assert 2 == result.exit_code
    assert "nothing was written" in result.stderr
    assert "mine" == (tmp_path / "checks/my-first.yaml").read_text()
    assert not (tmp_path / "paycanary.yaml").exists()


def test_init_refuses_an_address_that_is_none(tmp_path: Path) -> None:
    assert 2 == run("init", str(tmp_path), "--url", "pay.example").exit_code


@pytest.mark.parametrize("kind", SCHEMAS)
def test_a_schema_holds_everything_that_it_refers_to(kind: str) -> None:
    made = schema(kind)
    referred = {ref.rpartition("/")[2] for ref in re.findall(r'"\$ref": "([^"]+)"', json.dumps(made))}

    assert referred == set(made["$defs"])


def _accepts(node: dict[str, Any], value: Any, definitions: dict[str, Any]) -> bool:
    """A small reader of the part of JSON Schema that is about keys: independent of the models it was made from."""
    if "$ref" in node:
        return _accepts(definitions[node["$ref"].rpartition("/")[2]], value, definitions)
    if "anyOf" in node:
        return any(_accepts(option, value, definitions) for option in node["anyOf"])
    if isinstance(value, dict) and node.get("type") == "object":
        return all(_key(node, name, item, definitions) for name, item in value.items())
    if isinstance(value, list) and node.get("type") == "array":
        return all(_accepts(node.get("items", {}), item, definitions) for item in value)
    types = {
        "string": str,
        "integer": int,
        "number": int | float | Decimal,
        "boolean": bool,
        "null": type(None),
        "object": dict,
        "array": list,
    }
    if "pattern" in node and isinstance(value, str) and not re.search(node["pattern"], value):
        return False
    return "type" not in node or isinstance(value, types[node["type"]])


def _key(node: dict[str, Any], name: str, item: Any, definitions: dict[str, Any]) -> bool:
    if name in node.get("properties", {}):
        return _accepts(node["properties"][name], item, definitions)
    for pattern, inner in node.get("patternProperties", {}).items():
        if re.search(pattern, name):
            return _accepts(inner, item, definitions)
    rest = node.get("additionalProperties", True)
    return _accepts(rest, item, definitions) if isinstance(rest, dict) else bool(rest)


@pytest.mark.parametrize(
    ("kind", "text", "broken"),
    [
        ("service", SERVICE, SERVICE.replace("max_concurrency", "max_concurency")),
        ("service", SERVICE, SERVICE.replace("${env:DESK_SECRET}", "literal")),
        ("service", SERVICE, SERVICE.replace("webhook", "webhok")),
        ("checks", CHECKS.replace("tcp: }", "tcp: {}}"), CHECKS.replace("save:", "safe:")),
        ("checks", CHECKS.replace("tcp: }", "tcp: {port: 1}}"), CHECKS.replace("tcp: }", "tcp: {prot: 1}}")),
        ("rules", RULES, RULES.replace("failures:", "failure:")),
        ("rules", RULES, RULES.replace("consecutive:", "consecutiv:")),
    ],
)
def test_an_editor_sees_what_validate_would_refuse(kind: str, text: str, broken: str) -> None:
    made = schema(kind)

    assert _accepts(made, read(text).data, made["$defs"])
    assert not _accepts(made, read(broken).data, made["$defs"])


def test_schemas_are_printed_or_written(tmp_path: Path) -> None:
    assert schema("rules") == json.loads(run("schema", "--kind", "rules").stdout)

    run("schema", "--out", str(tmp_path / "schemas"))
    assert {"service.schema.json", "checks.schema.json", "rules.schema.json"} == {
        path.name for path in (tmp_path / "schemas").iterdir()
    }
