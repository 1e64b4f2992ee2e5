"""What can be asked at a target follows from its configuration alone."""

from pathlib import Path

import pytest
from drive_world import shipped

from monitor.config import Config, ConfigError, load
from monitor.inquiry.ground import Ground, ground_of

HEAD = """service: {install: test, data: data}
include: {checks: [checks/*.yaml]}
targets:
  gateway:
    base_url: https://gateway.example:8443/base
"""


def config(folder: Path, checks: str, more: str = "", rest: str = "") -> Config:
    (folder / "checks").mkdir(exist_ok=True)
    (folder / "checks" / "all.yaml").write_text(checks)
    (folder / "paycanary.yaml").write_text(HEAD + more + rest)
    return load(folder / "paycanary.yaml")


def ground(found: Config, target: str = "gateway") -> Ground:
    return ground_of(found.targets[target], found.checks.values(), found.targets)


def check(name: str, *steps: str, more: str = "", target: str = "gateway") -> str:
    listed = "".join(f"      - {step}\n" for step in steps)
    return f"  {name}:\n    title: {name}\n    target: {target}\n    every: 60s\n    budget: 5s\n{more}    steps:\n{listed}"


SIGNED = "    signer: {bearer: {token: '${file:token}'}}\n"


@pytest.fixture
def token(tmp_path: Path) -> Path:
    for name in ("token", "second"):
        (tmp_path / name).write_text("sk_test_0123456789")
        (tmp_path / name).chmod(0o600)
    return tmp_path


def test_the_front_door_is_what_the_configuration_names(token: Path) -> None:
    checks = "checks:\n" + check("live", "{name: info, get: /info}")
    assert "/ping" == ground(config(token, checks, SIGNED + "    front_door: /ping\n")).door["path"]


def test_else_a_read_that_a_check_makes_and_nothing_else(token: Path) -> None:
    checks = (
        "checks:\n"
        + check("pay", "{name: list, get: /list}", "{name: more, get: /more}")
        + check("live", "{name: info, get: /info}")
    )
    found = ground(config(token, checks, SIGNED))

    assert "/info" == found.door["path"]
    assert {"list", "more"} == set(found.reads)


def test_else_the_root(token: Path) -> None:
    checks = "checks:\n" + check("pay", "{name: create, post: /pay, save: {id: body.id}}", "{name: read, get: '/pay/${id}'}")
    found = ground(config(token, checks, SIGNED))

    assert "/" == found.door["path"]
    assert {} == found.reads  # it needs an order that was made before it


def test_a_step_that_moves_money_is_never_asked_by_itself(tmp_path: Path) -> None:
    lines = (f"  {kind}: {{base_url: 'https://{kind}.example', dialect: {kind}}}\n" for kind in ("mastercard", "stripe"))
    everything = shipped(tmp_path, "targets:\n" + "".join(lines))
    for target in everything.targets:
        found = ground(everything, target)
        assert not any(one.step.moves for one in (*found.reads.values(), *([found.token] if found.token else [])))
        assert all(one.step.reads for one in found.reads.values())


def test_a_step_that_fetches_a_token_is_known_by_its_name_or_address(token: Path) -> None:
    checks = "checks:\n" + check(
        "pay", "{name: first, post: /v1/oauth2/token, save: {t: body.t}}", "{name: read, get: '/x/${t}'}"
    )
    found = ground(config(token, checks, SIGNED))

    assert found.token is not None
    assert "first" == found.token.step.name


def test_references_are_other_targets_control_checks(tmp_path: Path) -> None:
    rest = "  clock:\n    base_url: https://reference.example\n"
    checks = "checks:\n" + check("live", "{name: info, get: /info}")
    checks += check("reference", "{name: root, get: /}", target="clock", more="    control: true\n")
    found = ground(config(tmp_path, checks, rest=rest))

    assert {"reference"} == set(found.controls)
    facts = found.facts(("203.0.113.1",), second_resolver=True)
    assert ("gateway.example", ("203.0.113.1",), True, "/info", ("reference",), True, False) == (
        facts.host,
        facts.addresses,
        facts.tls,
        facts.front_door,
        facts.controls,
        facts.second_resolver,
        facts.second_credential,
    )


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("1.1.1.1", "1.1.1.1:53"),
        ("127.0.0.1:5353", "127.0.0.1:5353"),
        ("2606:4700:4700::1111", "[2606:4700:4700::1111]:53"),
        ("[2606:4700:4700::1111]:5353", "[2606:4700:4700::1111]:5353"),
    ],
)
def test_a_second_resolver_is_an_address_with_or_without_a_port(tmp_path: Path, given: str, kept: str) -> None:
    assert kept == with_service(tmp_path, f"second_resolver: '{given}'").service.second_resolver


@pytest.mark.parametrize("given", ["dns.example", "1.1.1.1:0", "1.1.1.1:port", "1.1.1", ""])
def test_a_second_resolver_by_name_would_have_to_be_resolved_by_the_first(tmp_path: Path, given: str) -> None:
    with pytest.raises(ConfigError, match="expected the address of a name server"):
        with_service(tmp_path, f"second_resolver: '{given}'")


def test_triage_is_on_unless_it_is_switched_off(tmp_path: Path) -> None:
    assert with_service(tmp_path, "location: here").service.triage
    assert not with_service(tmp_path, "triage: {enabled: false}").service.triage


def test_a_second_credential_is_a_secret_and_never_a_live_one(token: Path) -> None:
    checks = "checks:\n" + check("live", "{name: info, get: /info}")
    second = "    second_credential: {bearer: {token: '${file:second}'}}\n"
    found = config(token, checks, SIGNED + second)
    assert "bearer" == found.targets["gateway"].second_signer
    assert "sk_test_0123456789" not in repr(found.targets["gateway"])

    (token / "second").write_text("sk_live_0123456789")
    with pytest.raises(ConfigError, match="expected a test credential"):
        config(token, checks, SIGNED + second)


@pytest.mark.parametrize("path", ["ping", "/pi ng", "https://elsewhere.example/"])
def test_a_front_door_is_a_path_and_nothing_else(tmp_path: Path, path: str) -> None:
    with pytest.raises(ConfigError):
        config(tmp_path, "checks:\n" + check("live", "{name: info, get: /info}"), f"    front_door: '{path}'\n")


def with_service(folder: Path, option: str) -> Config:
    (folder / "checks").mkdir(exist_ok=True)
    (folder / "checks" / "all.yaml").write_text("checks:\n" + check("live", "{name: info, get: /info}"))
    text = HEAD.replace("install: test", f"install: test, {option}")
    (folder / "paycanary.yaml").write_text(text)
    return load(folder / "paycanary.yaml")
