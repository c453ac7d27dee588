"""The composition root: builds the whole server from its configuration, or says why it cannot."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import gc
import logging
import os
import signal
import sys
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import TracebackType
from typing import IO, Self, TextIO, cast, get_args

import structlog

from policies.loader import load_catalogue, load_policy, policy_hash
from policies.model import Policy
from policies.texts import hurried_changes, load_text
from server.config import Config
from server.domain.agreement import CurrentAgreement
from server.metrics import Metrics, registry
from server.ports import Clock, IdentityVerifier, Ids, PasswordHasher, Secrets
from server.services import about, accounts, groups, identity, messages, rules, sessions  # noqa: F401
from server.services.dispatcher import Dispatcher
from server.services.handlers import verify_complete
from server.services.hub import Hub
from server.services.world import World
from server.storage.database import Database, DatabaseFault, open_database
from server.storage.schema import SchemaTooNew, migrate
from server.storage.vault.keys import KeyFileError, create_keys, load_keys
from server.storage.vault.vault import Vault, WrongKey
from server.storage.writer import Writer
from server.system import Argon2Hasher, RandomIds, SandboxVerifier, SystemClock, SystemSecrets
from server.transport.listener import WS_PATH, Listener
from server.transport.outlet import text_frame
from server.transport.pages import Pages
from server.wire.vocabulary import Locale

log = structlog.get_logger()

_ASK_EVERY_NS = 1_000_000_000


class StartRefused(Exception):
    """The server does not start; the text is one sentence that says why and what to do."""


class Server:
    """A whole server: ``async with Server(config) as server`` listens inside the block.

    The ports may be replaced (tests bring their own clock, ids and hasher); the rest is real.
    """

    def __init__(
        self,
        config: Config,
        *,
        clock: Clock | None = None,
        ids: Ids | None = None,
        secrets: Secrets | None = None,
        hasher: PasswordHasher | None = None,
        verifier: IdentityVerifier | None = None,
    ) -> None:
        self.config = config
        self.policy = load_policy(config.policy.profile, config.policy.overrides)
        self._clock = clock or SystemClock()
        self._ids = ids or RandomIds(self.policy.group_id.random_chars, config.seed)
        self._secrets = secrets or SystemSecrets()
        self._stop_hashing: Callable[[], None] = lambda: None
        self._hasher = hasher or self._argon2()
        self._verifier = verifier or SandboxVerifier()
        self._opened = contextlib.AsyncExitStack()
        self._stopping = False
        self._answered_at: int | None = None
        self._answered = False
        self.url = ""

    async def start(self) -> None:
        """Open or create everything and listen. Raises StartRefused, with nothing left open."""
        try:
            await self._start()
        except BaseException:
            await self._opened.aclose()
            raise

    async def stop(self, grace_s: float = 5.0) -> None:
        """Finish what was accepted, send everybody away to come back (4012), close the databases."""
        self._stopping = True
        self._stop_hashing()  # a storm of log-ins would hold us up for as long as its queue is
        await self.writer.drain()
        await self._listener.stop(grace_s)
        await self._opened.aclose()
        log.info("stopped")

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def _argon2(self) -> PasswordHasher:
        login = self.policy.login
        hasher = Argon2Hasher(login.hash_parallel, login.hash_queue)
        self._stop_hashing = hasher.close
        return hasher

    async def _start(self) -> None:
        verify_complete(load_catalogue())
        if hurried := hurried_changes(self.policy.rules.change_notice_days):
            days = self.policy.rules.change_notice_days
            raise StartRefused(
                f"{', '.join(hurried)} would bind sooner than {days} days after publication (CG-05.3)"
            )
        _prepare_data_dir(self.config.data_dir)
        self._opened.callback(_lock(self.config.data_dir).close)
        if self.config.seed is not None and (self.config.data_dir / "keys").exists():
            raise StartRefused(
                f"a seed repeats the ids that {self.config.data_dir} holds already; choose an empty one"
            )
        front = await self._open(self.config.database_url, "front")
        vault, retry_key = await self._open_vault()
        world = World(
            policy=self.policy,
            policy_hash=policy_hash(self.policy),
            profile=self.config.policy.profile,
            agreement=_current_agreement(self.policy),
            version=release(),
            clock=self._clock,
            ids=self._ids,
            secrets=self._secrets,
            hasher=self._hasher,
            verifier=self._verifier,
            database=front,
            vault=vault,
            retry_key=retry_key,
        )
        self.hub = Hub(text_frame, unverified_hear_groups=self.policy.identity.unverified_can_read_groups)
        self.writer = Writer(front, self._clock, self._ids, self.hub.publish)
        self.dispatcher = Dispatcher(world, self.writer, self.hub)
        self.writer.start()
        pages = Pages(world, registry(self._metrics()), self._ready)
        self._listener = Listener(world, self.dispatcher, self.hub, pages)
        listen = self.config.listen
        try:
            host, self.port = await self._listener.start(listen.host, listen.port)
        except OSError as error:
            await self.writer.drain()
            reason = os.strerror(error.errno or 0).lower()
            raise StartRefused(
                f"cannot listen on {listen.host} port {listen.port}: {reason}; "
                "choose another with --port, or 0 for any free one"
            ) from error
        shown = f"[{host}]" if ":" in host else host
        self.url = f"ws://{shown}:{self.port}{WS_PATH}"
        log.info(
            "listening", url=self.url, profile=world.profile, policy=world.policy_hash[:12], simulation=True
        )

    async def _open(self, url: str, part: str) -> Database:
        try:
            database = open_database(url)
            self._opened.push_async_callback(database.close)
            await migrate(database, "vault" if part == "vault" else "front")
        except SchemaTooNew as error:
            raise StartRefused(f"{error}; use the newer release, or another data directory") from error
        except (DatabaseFault, OSError) as error:
            reason = str(getattr(error, "orig", None) or error).splitlines()[0]
            raise StartRefused(f"cannot open the {part} database: {reason}") from error
        return database

    async def _open_vault(self) -> tuple[Vault, bytes]:
        """The vault, and the key for what has to be told apart outside it."""
        database = await self._open(self.config.vault_url, "vault")
        path = self.config.vault_key_file
        try:
            if not path.exists() and await Vault.is_unused(database):
                create_keys(path, self._secrets)
                log.info("vault_key_created")
            keys = load_keys(path)
            vault = Vault(database, keys, self._secrets, self._clock)
            await vault.check_key()
        except KeyFileError as error:
            raise StartRefused(f"{error}; without it the identities in the vault cannot be opened") from error
        except WrongKey as error:
            raise StartRefused(f"{error}: put the right file at {path}, or set vault.key_file") from error
        except OSError as error:
            raise StartRefused(f"cannot write the vault key file {path}: {error.strerror}") from error
        return vault, keys.digest["retry_check"]

    async def _ready(self) -> dict[str, bool]:
        return {
            "database": await self._database_answers(),
            "accepting": not self._stopping,
            "writing": not self.writer.broken.is_set(),
            "simulation": True,
        }

    async def _database_answers(self) -> bool:
        """Asked at most once a second: anybody may ask us, and a question costs a reader."""
        now = self._clock.monotonic_ns()
        if self._answered_at is not None and now - self._answered_at < _ASK_EVERY_NS:
            return self._answered
        self._answered_at, self._answered = now, await self._ask_database()
        return self._answered

    async def _ask_database(self) -> bool:
        try:
            await self.dispatcher.check_database()
        except DatabaseFault:
            return False
        return True

    def _metrics(self) -> Metrics:
        return Metrics(
            counters={
                "calls": ("Calls received.", lambda: self.dispatcher.calls),
                "errors": ("Calls answered with an error.", lambda: self.dispatcher.errors),
                "writes": ("Writes committed.", lambda: self.writer.writes),
                "commits": (
                    "Commits; writes per commit say how full batches are.",
                    lambda: self.writer.commits,
                ),
                "deliveries": ("Events handed to connections.", lambda: self.hub.delivered),
            },
            gauges={
                "connections": ("Open connections.", lambda: self._listener.connections),
                "writes_waiting": ("Writes in the queue.", lambda: self.writer.waiting),
            },
        )


async def serve(config: Config, on_ready: Callable[[Server], None] | None = None) -> int:
    """Run a server until SIGTERM or SIGINT; ``on_ready`` is called once it listens.

    Returns 0 after an orderly stop, 1 when the writer failed: whoever supervises us starts us again.
    """
    set_up_logging(config)
    server = Server(config)
    await server.start()
    _spare_the_collector()
    if on_ready is not None:
        on_ready(server)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    waits = [asyncio.create_task(event.wait()) for event in (stop, server.writer.broken)]
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()
    await server.stop()
    return 1 if server.writer.broken.is_set() else 0


def _spare_the_collector() -> None:
    """Tell the garbage collector what a server is like: what start-up made stays, and calls make no cycles.

    Left alone it walks everything that was ever imported again and again: an eighth of a message's cost.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)  # objects made and kept before a look: a few dozen batches


def set_up_logging(config: Config) -> None:
    """Structured lines on stderr. What people wrote or who they are is never given to the log at all."""
    level = logging.getLevelNamesMapping()[config.log.level.upper()]
    render = (
        structlog.processors.JSONRenderer()
        if config.log.format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(cast(TextIO, _Unfailing(sys.stderr))),
        cache_logger_on_first_use=True,
    )
    # The library logs handshakes with headers and tracebacks with frames; neither belongs in our log.
    logging.getLogger("websockets").setLevel(logging.CRITICAL)


class _Unfailing:
    """A stream whose disk may be full, or that may be closed: that costs log lines, not their server."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._stream.flush()


def _current_agreement(policy: Policy) -> CurrentAgreement:
    version = policy.agreement.current_version
    locales: tuple[Locale, ...] = get_args(Locale)
    texts = {locale: load_text("agreement", version, locale) for locale in locales}
    effective = texts["en"].effective
    return CurrentAgreement(version, effective, {locale: text.sha256 for locale, text in texts.items()})


def release() -> str:
    try:
        return version("qunzu")
    except PackageNotFoundError:
        return "0.0.0+source"


def _prepare_data_dir(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        probe = path / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise StartRefused(
            f"the data directory {path} is not writable: {error.strerror}; choose another with --data-dir"
        ) from error


def _lock(data_dir: Path) -> IO[str]:
    """Hold the data directory until the file is closed, or the process is gone, however it went.

    Each server keeps heads and rosters in memory: two of them would assign the same places twice.
    """
    file = (data_dir / "server.lock").open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise StartRefused(
            f"another server uses the data directory {data_dir}; stop it, or choose another with --data-dir"
        ) from None
    return file
