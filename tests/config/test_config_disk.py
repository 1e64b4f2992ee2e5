"""What a disk can do to a reload: half-written files, swapped symlinks, writers at work. And 5,000 checks."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from config_helpers import CHECKS, ENVIRON, FILES, write

from monitor.config import Config, ConfigError, load, snapshot

#: For 5,000 simple checks in five files, on one core of a small machine.
LOADED_WITHIN_SECONDS = 3.0


def outcome(path: Path) -> Config | ConfigError:
    try:
        return load(path, environ=ENVIRON)
    except ConfigError as error:
        return error


@pytest.mark.parametrize("name", FILES)
def test_a_file_cut_off_at_any_byte_is_refused_or_means_what_it_says(tmp_path: Path, name: str) -> None:
    main = write(tmp_path)
    whole = load(main, environ=ENVIRON)
    content = FILES[name].encode()
    for length in range(len(content)):
        (tmp_path / name).write_bytes(content[:length])
        cut = outcome(main)
        if isinstance(cut, Config):
            assert set(cut.checks) <= set(whole.checks)
            assert {rule.id for rule in cut.rules} <= {rule.id for rule in whole.rules}
            assert cut.version != whole.version


@contextmanager
def working(act: Callable[[], None]) -> Iterator[None]:
    """``act`` again and again in a thread of its own."""
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            act()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def test_a_file_that_is_being_written_in_place_is_never_read_in_half(tmp_path: Path, writers: None) -> None:
    long = CHECKS + "".join(
        f"  more-{n}: {{title: More, target: port, every: 9s, steps: [{{name: a, tcp: }}]}}\n" for n in range(40)
    )
    main = write(tmp_path, {**FILES, "checks/payment.yaml": long})
    content, turn = long.encode(), threading.Event()

    def write_slowly() -> None:
        with (tmp_path / "checks/payment.yaml").open("wb", buffering=0) as file:
            for start in range(0, len(content), 200):
                file.write(content[start : start + 200])
                turn.wait(0.001)
        turn.wait(0.25)

    with working(write_slowly):
        seen = [outcome(main) for _ in range(6)]

    assert {42} == {len(config.checks) for config in seen if isinstance(config, Config)}
    assert all("while they are read" in str(error) for error in seen if isinstance(error, ConfigError))
    assert any(isinstance(config, Config) for config in seen)


def test_files_that_never_come_to_rest_are_refused(tmp_path: Path, writers: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot, "SETTLE_SECONDS", 0.05)
    main = write(tmp_path)

    with working(lambda: os.utime(main)), pytest.raises(ConfigError, match="files that change while they are read"):
        load(main, environ=ENVIRON)


def test_a_swapped_symlink_gives_one_generation_or_the_other(tmp_path: Path) -> None:
    for generation in ("one", "two"):
        files = {name: text.replace("demo", generation).replace("Payment", generation) for name, text in FILES.items()}
        write(tmp_path / f"..{generation}", files)
    (tmp_path / "..data").symlink_to("..one")
    for name in ("paycanary.yaml", "checks", "alert_rules"):
        (tmp_path / name).symlink_to(f"..data/{name}")
    generations = iter(["..two", "..one"] * 100_000)
    pause = threading.Event()

    def swap() -> None:
        (tmp_path / "..new").symlink_to(next(generations))
        (tmp_path / "..new").rename(tmp_path / "..data")
        pause.wait(0.03)

    with working(swap):
        seen = [outcome(tmp_path) for _ in range(60)]

    loaded = [config for config in seen if isinstance(config, Config)]
    assert loaded
    for config in loaded:
        assert config.service.install == config.checks["payment"].title.en
    assert all("while they are read" in str(error) for error in seen if isinstance(error, ConfigError))


def test_five_thousand_checks_load_quickly(tmp_path: Path) -> None:
    check = "  c{n}:\n    title: Check\n    target: gateway\n    every: 10s\n    steps:\n      - {{name: read, get: /health/{n}, expect: status == 200}}\n"
    files = {
        f"checks/{part}.yaml": "checks:\n" + "".join(check.format(n=n) for n in range(part * 1_000, part * 1_000 + 1_000))
        for part in range(5)
    }
    target = "targets: {gateway: {base_url: https://gateway.example, budget: {requests_per_second: 1000}}}\n"
    main = write(tmp_path, {"paycanary.yaml": target, **files})

    started = time.process_time()
    config = load(main)

    assert time.process_time() - started < LOADED_WITHIN_SECONDS
    assert 5_000 == len(config.checks)
