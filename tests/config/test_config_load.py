"""What the files say, as values; and problems that do not breed more."""

from decimal import Decimal
from pathlib import Path

import pytest
from config_helpers import CHECKS, ENVIRON, FILES, RULES, SERVICE, TARGET, write

from monitor.config import Config, ConfigError, load
from monitor.model.check import MoveKind
from monitor.model.money import Money
from monitor.model.outcome import SUCCESSES, Outcome
from monitor.model.text import Text


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return load(write(tmp_path), environ=ENVIRON)


def problems(path: Path) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(path, environ=ENVIRON)
    return [f"{problem.path}: {problem.message}" for problem in caught.value.problems]


def test_the_service_is_as_written_and_paths_are_relative_to_the_file(config: Config, tmp_path: Path) -> None:
    service = config.service

    assert ("demo", "shanghai", "127.0.0.1", 8710, 64) == (
        service.install,
        service.location,
        service.host,
        service.port,
        service.max_in_flight,
    )
    assert (90 * 86_400, 14 * 86_400, 1_800) == (
        service.keep_results_seconds,
        service.keep_evidence_seconds,
        service.reopen_seconds,
    )
    assert tmp_path / "data" == service.data
    assert service.heartbeat
    assert 45 == service.heartbeat.every_seconds


def test_a_target_is_as_written(config: Config) -> None:
    target = config.targets["gateway"]

    assert Text("Gateway", "网关") == target.title
    assert "https://127.0.0.1:8711" == target.base_url
    assert ("stripe", "bearer", ("127.0.0.0/8",), "1.3") == (
        target.dialect,
        target.signer,
        target.allow_private,
        target.tls.minimum,
    )
    assert (10, 4, 65_536, 120.5, 3) == (
        target.timeout_seconds,
        target.max_concurrency,
        target.body_limit_bytes,
        target.customers_per_minute,
        target.settle_seconds,
    )
    assert ("Idempotency-Key", 86_400) == (target.idempotency_header, target.idempotency_ttl_seconds)
    assert (("X-Canary", "yes"),) == target.headers
    assert "none" == config.targets["port"].signer


def test_a_check_is_as_written(config: Config, tmp_path: Path) -> None:
    check = config.checks["payment"]

    assert (30, 12, 20, 1) == (check.every_seconds, check.budget_seconds, check.undo_budget_seconds, check.max_in_flight)
    assert ["brand=visa,currency=usd", "brand=mastercard,currency=usd"] == [stratum.label for stratum in check.strata]
    assert (0.9995, 0.8) == (check.objective.availability, check.objective.latency_seconds)
    assert (("team", "payments"),) == check.labels
    assert f"{tmp_path / 'checks/payment.yaml'}:2" == check.source
    assert check.moves_money
    assert config.checks["front-door"].control


def test_a_step_is_as_written(config: Config) -> None:
    authorise, capture = config.checks["payment"].steps

    assert ("http", 4, "POST /v1/payment_intents") == (authorise.kind, authorise.timeout_seconds, authorise.written)
    assert ["status == 200", 'body.status == "requires_capture"'] == [expression.source for expression in authorise.expect]
    assert ["intent"] == [name for name, _ in authorise.save]
    assert authorise.moves
    assert (MoveKind.HOLD, Money(100, "USD"), "cancel", ()) == (
        authorise.moves.kind,
        authorise.moves.amount,
        authorise.moves.undo,
        authorise.moves.otherwise,
    )
    assert capture.moves
    assert ("refund", ("cancel",)) == (capture.moves.undo, capture.moves.otherwise)
    assert {Outcome.APPROVED, Outcome.SOFT_DECLINE} == capture.outcomes
    assert SUCCESSES == authorise.outcomes
    assert 10 == capture.timeout_seconds  # the target's


def test_a_request_keeps_every_digit_and_fills_its_holes(config: Config) -> None:
    scope = {"stratum": {"brand": "visa", "currency": "usd"}, "run": {"reference": "pc-1"}}
    request = config.checks["payment"].steps[0].request.render(scope)

    assert {"amount": Decimal("10.00"), "currency": "usd", "confirm": True, "payment_method": "pm_card_visa"} == request["form"]
    assert "10.00" == str(request["form"]["amount"])


def test_undo_steps_have_the_names_of_their_keys(config: Config) -> None:
    undo = config.checks["payment"].undo

    assert {"cancel": "cancel", "refund": "refund"} == {key: step.name for key, step in undo.items()}
    assert undo["refund"].when


def test_a_budget_that_is_not_given_fits_the_interval(config: Config) -> None:
    assert 5 == config.checks["front-door"].budget_seconds


def test_rules_are_as_written(config: Config) -> None:
    failing, slow = config.rules

    assert ("failing", "p1", 10, ("target", "rule")) == (failing.id, failing.severity, failing.for_seconds, failing.group_by)
    assert (("pay*",), ("*",), (("team", "pay*"),)) == (failing.selector.check, failing.selector.stratum, failing.selector.labels)
    assert failing.selector.takes(config.checks["payment"])
    assert not failing.selector.takes(config.checks["front-door"])
    assert "quantile" == slow.detector.kind


def test_a_detector_without_options_has_its_own(tmp_path: Path) -> None:
    rules = "rules: {failing: {title: Failing, severity: p1, consecutive: }}"

    assert 3 == load(write(tmp_path, {"paycanary.yaml": TARGET, "alert_rules/a.yaml": rules})).rules[0].detector.failures  # type: ignore[attr-defined]


def test_maintenance_windows_are_found_where_they_touch_the_period(config: Config) -> None:
    switch = 1_795_284_000.0  # 2026-11-22 02:00 in Shanghai
    weekly = 1_795_309_200.0  # 2026-11-22 02:00 in Berlin, a Sunday

    windows = config.windows(switch - 60, switch + 86_400)

    assert [(switch, switch + 7_200), (weekly, weekly + 7_200)] == [(window.starts, window.ends) for window in windows]
    assert [("gateway",), ()] == [window.targets for window in windows]
    assert [] == config.windows(switch + 4 * 86_400, switch + 5 * 86_400)


def test_a_window_keeps_its_name_when_another_is_put_before_it(tmp_path: Path, config: Config) -> None:
    source = SERVICE.replace("maintenance:\n", "maintenance:\n  - {every: day, at: '04:00', lasts: 10m, reason: backup}\n")
    more = load(write(tmp_path / "more", {**FILES, "paycanary.yaml": source}), environ=ENVIRON)

    assert {one.id for one in config.maintenance} < {one.id for one in more.maintenance}


def test_a_module_is_a_step_without_a_check(config: Config) -> None:
    assert ("http_2xx", "GET /", 5) == (
        config.modules["http_2xx"].name,
        config.modules["http_2xx"].written,
        config.modules["http_2xx"].timeout_seconds,
    )


def test_desks_have_their_kind_and_options(config: Config) -> None:
    assert "webhook" == config.desks["desk"].kind
    assert "http://127.0.0.1:8712/hooks" == config.desks["desk"].options.url  # type: ignore[attr-defined]


def test_the_version_names_the_exact_bytes_and_not_the_directory(tmp_path: Path, config: Config) -> None:
    elsewhere = load(write(tmp_path / "b"), environ=ENVIRON)
    touched = load(write(tmp_path / "c", {**FILES, "checks/payment.yaml": CHECKS + "# more\n"}), environ=ENVIRON)

    assert 12 == len(config.version)
    assert config.version == elsewhere.version != touched.version


def test_the_files_read_are_listed_the_main_one_first(tmp_path: Path, config: Config) -> None:
    assert [tmp_path / name for name in FILES] == list(config.files)


def test_a_directory_stands_for_the_main_file_in_it(tmp_path: Path) -> None:
    write(tmp_path)

    assert load(tmp_path, environ=ENVIRON).path == tmp_path / "paycanary.yaml"


def test_a_byte_order_mark_and_line_ends_of_windows_are_no_mistake(tmp_path: Path) -> None:
    files = {name: b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode() for name, text in FILES.items()}

    assert 2 == len(load(write(tmp_path, dict(files)), environ=ENVIRON).checks)


def test_globs_reach_into_directories(tmp_path: Path) -> None:
    main = SERVICE + "include: {checks: ['checks/**/*.yaml']}\n"
    files = {
        **FILES,
        "paycanary.yaml": main,
        "checks/eu/more.yaml": CHECKS.replace("payment:", "sepa:").replace("front-door:", "port:"),
    }
    config = load(write(tmp_path, {**files, "paycanary.yaml": main}), environ=ENVIRON)

    assert {"payment", "front-door", "sepa", "port"} == set(config.checks)


def test_a_file_that_two_globs_name_is_read_once(tmp_path: Path) -> None:
    main = SERVICE + "include: {checks: ['checks/*.yaml', 'checks/pay*.yaml']}\n"

    assert 2 == len(load(write(tmp_path, {**FILES, "paycanary.yaml": main}), environ=ENVIRON).checks)


def test_a_missing_main_file_is_said_plainly(tmp_path: Path) -> None:
    assert [": expected a readable file: No such file or directory"] == problems(tmp_path / "paycanary.yaml")


def test_a_pipe_in_the_place_of_a_file_does_not_hang(tmp_path: Path) -> None:
    import os

    write(tmp_path)
    os.mkfifo(tmp_path / "checks/pipe.yaml")

    assert [": expected a regular file"] == problems(tmp_path)


def test_checks_in_a_file_that_cannot_be_read_are_not_called_unknown(tmp_path: Path) -> None:
    rules = RULES.replace('"pay*"', "payment")

    found = problems(write(tmp_path, {**FILES, "checks/payment.yaml": CHECKS + "  }\n", "alert_rules/basic.yaml": rules}))

    assert 1 == len(found)
    assert "expected YAML" in found[0]


def test_a_wrong_target_does_not_make_its_checks_wrong(tmp_path: Path) -> None:
    found = problems(write(tmp_path, {**FILES, "paycanary.yaml": SERVICE.replace("dialect: stripe", "dialect: visa")}))

    assert ['targets.gateway.dialect: expected the name of a dialect, got "visa"'] == found


def test_a_wrong_step_does_not_hide_what_it_saves(tmp_path: Path) -> None:
    checks = CHECKS.replace("post: /v1/payment_intents\n", "post: v1/payment_intents\n")

    assert 1 == len(problems(write(tmp_path, {**FILES, "checks/payment.yaml": checks})))


def test_problems_of_all_files_come_at_once_sorted(tmp_path: Path) -> None:
    files = {
        "paycanary.yaml": SERVICE.replace("timeout: 10s", "timeout: 10"),
        "checks/payment.yaml": CHECKS.replace("every: 30s", "every: often").replace("save:", "safe:"),
        "alert_rules/basic.yaml": RULES.replace("p3", "p5"),
    }
    with pytest.raises(ConfigError) as caught:
        load(write(tmp_path, dict(files)), environ=ENVIRON)

    found = [(Path(problem.file).name, problem.path) for problem in caught.value.problems]
    assert [
        ("basic.yaml", "rules.slow.severity"),
        ("payment.yaml", "checks.payment.every"),
        ("payment.yaml", "checks.payment.steps[0].safe"),
        ("payment.yaml", "checks.payment.steps[1].post"),
        ("payment.yaml", "checks.payment.undo.cancel.post"),
        ("payment.yaml", "checks.payment.undo.refund.when"),
        ("payment.yaml", "checks.payment.undo.refund.form.payment_intent"),
        ("paycanary.yaml", "targets.gateway.timeout"),
    ] == found


def test_listening_elsewhere_needs_a_token_and_a_safe_way(tmp_path: Path) -> None:
    listen = SERVICE.replace("127.0.0.1:8710", "0.0.0.0:8710")
    token = 'auth: {token: "${env:DESK_SECRET}"}'

    def with_service(*more: str) -> Path:
        return write(tmp_path, {**FILES, "paycanary.yaml": listen.replace("{install", f"{{{', '.join([*more, 'install'])}")})

    assert '"auth" and "tls" or' in problems(with_service())[0]
    assert '"auth"' in problems(with_service("behind_proxy: true"))[0]
    assert '"tls" or' in problems(with_service(token))[0]
    service = load(with_service(token, "behind_proxy: true"), environ=ENVIRON).service
    assert service.auth_token
    assert ENVIRON["DESK_SECRET"] == service.auth_token.reveal()


@pytest.mark.parametrize("listen", ["[::1]:8710", "localhost:8710", "127.1.2.3:1"])
def test_every_loopback_address_is_one(tmp_path: Path, listen: str) -> None:
    source = SERVICE.replace('"127.0.0.1:8710"', f'"{listen}"')

    assert load(write(tmp_path, {**FILES, "paycanary.yaml": source}), environ=ENVIRON).service.port
