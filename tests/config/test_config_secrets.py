"""Credentials: by reference only, from private places only, and never shown."""

import os
from pathlib import Path

import pytest
from config_helpers import ENVIRON, FILES, SERVICE, write

from monitor.config import Config, ConfigError, load
from monitor.config.secrets import MAX_SECRET_BYTES, UNRESOLVED

HIDDEN = "correct-horse-battery"


def with_token(tmp_path: Path, token: str) -> Path:
    return write(tmp_path, {**FILES, "paycanary.yaml": SERVICE.replace('"${env:GATEWAY_KEY}"', token)})


def refusal(path: Path, **options: object) -> str:
    with pytest.raises(ConfigError) as caught:
        load(path, environ=ENVIRON, **options)  # type: ignore[arg-type]
    assert HIDDEN not in str(caught.value)
    assert HIDDEN not in repr(caught.value)
    return str(caught.value)


def token_of(config: Config) -> str:
    return str(config.targets["gateway"].signer_options.token.reveal())


def test_a_reference_to_the_environment_is_followed(tmp_path: Path) -> None:
    assert ENVIRON["GATEWAY_KEY"] == token_of(load(write(tmp_path), environ=ENVIRON))


def test_a_private_file_is_read_and_its_line_end_left_out(tmp_path: Path) -> None:
    main = with_token(tmp_path, '"${file:run/key}"')
    write(tmp_path, {"run/key": HIDDEN + "\n"})
    (tmp_path / "run/key").chmod(0o600)

    assert HIDDEN == token_of(load(main, environ=ENVIRON))


def test_a_private_file_may_be_reached_over_a_symlink(tmp_path: Path) -> None:
    main = with_token(tmp_path, '"${file:key}"')
    write(tmp_path, {"..data/key": HIDDEN})
    (tmp_path / "..data/key").chmod(0o400)
    (tmp_path / "key").symlink_to("..data/key")

    assert HIDDEN == token_of(load(main, environ=ENVIRON))


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o610])
def test_a_file_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    main = with_token(tmp_path, '"${file:key}"')
    write(tmp_path, {"key": HIDDEN})
    (tmp_path / "key").chmod(mode)

    assert f"its mode {mode:04o} lets others in; expected 0600 or 0400" in refusal(main)


def _empty(path: Path) -> None:
    path.write_text("\n")


def _huge(path: Path) -> None:
    path.write_bytes(b"x" * (MAX_SECRET_BYTES + 1))


def _binary(path: Path) -> None:
    path.write_bytes(b"\xff\xfe")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (_empty, "got an empty file"),
        (_huge, "larger than 64 KiB"),
        (_binary, "not UTF-8"),
        (Path.mkdir, "Is a directory"),
        (os.mkfifo, "not a regular file"),
        (lambda path: path.symlink_to(path), "Too many levels"),
        (lambda path: path.symlink_to("nowhere"), "No such file"),
    ],
)
def test_what_is_no_secret_is_refused_at_once(tmp_path: Path, make: object, message: str) -> None:
    main = with_token(tmp_path, '"${file:key}"')
    make(tmp_path / "key")  # type: ignore[operator]
    if not (tmp_path / "key").is_symlink():
        (tmp_path / "key").chmod(0o700 if (tmp_path / "key").is_dir() else 0o600)

    assert message in refusal(main)


@pytest.mark.parametrize(
    "literal",
    [
        HIDDEN,
        f'"Bearer {HIDDEN}"',
        f'"{HIDDEN} ${{env:GATEWAY_KEY}}"',
        f'"${{env:GATEWAY_KEY}}{HIDDEN}"',
        f'"${{vault:{HIDDEN}}}"',
        f"[{HIDDEN}]",
        f"{{value: {HIDDEN}}}",
        f"|\n          {HIDDEN}",
        "12345678",
        "true",
    ],
)
def test_a_literal_where_a_secret_belongs_is_refused_and_not_shown(tmp_path: Path, literal: str) -> None:
    source = SERVICE.replace(
        'signer: {bearer: {token: "${env:GATEWAY_KEY}"}}', f"signer:\n      bearer:\n        token: {literal}"
    )
    message = refusal(write(tmp_path, {**FILES, "paycanary.yaml": source}))

    assert "targets.gateway.signer.bearer.token" in message
    assert "expected a reference to a secret, got a literal" in message
    assert "12345678" not in message


def test_another_mistake_on_the_line_of_a_literal_does_not_show_it(tmp_path: Path) -> None:
    message = refusal(with_token(tmp_path, f"{HIDDEN}, tokn: {HIDDEN}"))

    assert 'did you mean "token"?' in message


@pytest.mark.parametrize("rest", [": :", "\t}", "'", '\\"', "\n  @"])
def test_a_broken_file_does_not_show_the_credentials_near_the_break(tmp_path: Path, rest: str) -> None:
    source = f"targets:\n  gateway:\n    signer:\n      bearer:\n        token: {HIDDEN}{rest}\n"

    refusal(write(tmp_path, {"paycanary.yaml": source}))


def test_without_secrets_the_form_is_checked_and_nothing_is_opened(tmp_path: Path) -> None:
    main = with_token(tmp_path, '"${file:nowhere/key}"')

    assert UNRESOLVED == token_of(load(main, resolve_secrets=False, environ={}))
    with pytest.raises(ConfigError, match="got a literal"):
        load(with_token(tmp_path, HIDDEN), resolve_secrets=False, environ={})


def test_an_empty_variable_is_as_good_as_none(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="GATEWAY_KEY, got none or an empty one"):
        load(write(tmp_path), environ={**ENVIRON, "GATEWAY_KEY": ""})


def test_a_configuration_lists_its_secrets_and_shows_none(tmp_path: Path) -> None:
    config = load(write(tmp_path), environ=ENVIRON)

    assert set(ENVIRON.values()) == {secret.reveal() for secret in config.secrets}
    assert not any(value in repr(config) for value in ENVIRON.values())


def test_the_address_of_the_heartbeat_may_be_a_reference_and_is_never_shown(tmp_path: Path) -> None:
    source = SERVICE.replace("https://beat.example/ping", "${env:BEAT}")
    config = load(write(tmp_path, {**FILES, "paycanary.yaml": source}), environ={**ENVIRON, "BEAT": "https://beat.example/uuid"})

    assert config.service.heartbeat
    assert "https://beat.example/uuid" == config.service.heartbeat.url.reveal()
    assert "uuid" not in repr(config)
    assert "beat.example" not in refusal(write(tmp_path, {**FILES, "paycanary.yaml": SERVICE.replace("https://beat", "beat")}))


def test_files_are_relative_to_the_configuration_and_must_be_readable(tmp_path: Path) -> None:
    source = SERVICE.replace('tls: {minimum: "1.3"}', "tls: {ca_file: ca.pem}")
    main = write(tmp_path, {**FILES, "paycanary.yaml": source})

    assert 'targets.gateway.tls.ca_file: expected a readable file, got "ca.pem"' in refusal(main)
    write(tmp_path, {"ca.pem": "-"})
    assert str(tmp_path / "ca.pem") == load(main, environ=ENVIRON).targets["gateway"].tls.ca_file
