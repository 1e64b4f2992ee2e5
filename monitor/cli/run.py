"""`paycanary run`: the service."""

import asyncio
import contextlib
import gc
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Annotated, Any

import structlog
import typer
from rich.console import Console

from monitor.app import App
from monitor.cli import logs
from monitor.cli.live import Plain, Screen, view
from monitor.cli.service import DEFAULT_CONFIG, EXIT_UNREACHABLE, EXIT_USAGE, ConfigPath, err, fail
from monitor.config import Config, ConfigError, load
from monitor.stores import StoreError

log = structlog.get_logger()
Level = Annotated[str, typer.Option("--log-level", help="debug, info, warning or error.")]
LogFormat = Annotated[str, typer.Option("--log-format", help="text or json.")]
Watch = Annotated[bool, typer.Option("--watch/--no-watch", help="Show results as they come; a live table on a terminal.")]


def read_config(path: Path, *, allow_live: bool = False) -> Config:
    """The configuration, or every problem and exit code 2."""
    try:
        return load(path, allow_live=allow_live)
    except ConfigError as error:
        err.print(str(error), highlight=False, markup=False, soft_wrap=True)
        raise typer.Exit(EXIT_USAGE) from None


def run(
    config: ConfigPath = DEFAULT_CONFIG,
    watch: Watch = False,
    live: Annotated[bool, typer.Option("--live", help="Allow targets that say live: true.")] = False,
    log_level: Level = "info",
    log_format: LogFormat = "text",
) -> None:
    """Probe, detect, tell: until SIGTERM or Ctrl-C. SIGHUP reads the configuration again, all of it or nothing."""
    settings = read_config(config, allow_live=live)
    loader = lambda: load(config, allow_live=live)  # noqa: E731
    footer = where_to_look(settings)
    screen = view(Console(), settings.checks, footer) if watch else None
    if not isinstance(screen, Screen):
        err.print(footer, highlight=False, soft_wrap=True)
    execute(
        settings, loader, screen=screen, log_level="error" if isinstance(screen, Screen) else log_level, log_format=log_format
    )


def where_to_look(config: Config) -> str:
    scheme = "https" if config.service.tls_cert_file else "http"
    base = f"{scheme}://{config.service.host}:{config.service.port}"
    return f"look at {base}/ (overview) and {base}/metrics; data in {config.service.data}/; Ctrl-C stops it"


def execute(
    config: Config,
    loader: Callable[[], Config],
    *,
    screen: Screen | Plain | None = None,
    log_level: str = "info",
    log_format: str = "text",
    beside: Callable[[App], contextlib.AbstractAsyncContextManager[Any]] | None = None,
) -> None:
    """Run the service to its end on uvloop. ``beside`` is a context that lives as long as it does."""
    import uvloop

    from monitor.redaction import Gate, redactor

    logs.configure(redactor(Gate(config.secrets)), level=log_level, json=log_format == "json")
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner, screen or contextlib.nullcontext():
            runner.run(_service(config, loader, screen, beside))
    except StoreError as error:
        raise fail(str(error), EXIT_UNREACHABLE) from None
    except OSError as error:
        raise fail(
            f"cannot listen on {config.service.host}:{config.service.port}: {error.strerror or error}", EXIT_UNREACHABLE
        ) from None


async def _service(
    config: Config,
    loader: Callable[[], Config],
    screen: Screen | Plain | None,
    beside: Callable[[App], contextlib.AbstractAsyncContextManager[Any]] | None,
) -> None:
    from monitor.web.server import serve

    app = App(config, loader=loader)
    if screen is not None:
        app.listeners.append(screen)
    stopping = _signals(app)
    async with beside(app) if beside else _nothing():
        await app.start()
        try:
            runner = await serve(app)
        except OSError:
            await app.stop(0)
            raise
        # Everything built so far lives to the end: the collector need not walk it again and again.
        gc.collect()
        gc.freeze()
        log.info("started", checks=len(config.checks), targets=len(config.targets), config_version=config.version)
        await stopping.wait()
        log.info("stopping")
        await runner.cleanup()
        await app.stop()
        log.info("stopped")


@contextlib.asynccontextmanager
async def _nothing() -> AsyncIterator[None]:
    yield


def _signals(app: App) -> asyncio.Event:
    """SIGTERM and SIGINT stop, a second one at once; SIGHUP reloads."""
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()
    reloads: set[asyncio.Task[None]] = set()

    def stop() -> None:
        if stopping.is_set():
            sys.exit(130)
        stopping.set()

    async def reload() -> None:
        with contextlib.suppress(ConfigError):  # logged and exported; the running configuration stays
            await app.reload()

    def on_hangup() -> None:
        task = loop.create_task(reload())
        reloads.add(task)
        task.add_done_callback(reloads.discard)

    loop.add_signal_handler(signal.SIGTERM, stop)
    loop.add_signal_handler(signal.SIGINT, stop)
    loop.add_signal_handler(signal.SIGHUP, on_hangup)
    return stopping
