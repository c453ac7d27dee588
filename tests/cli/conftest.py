"""What tests of the command line stand on: commands as people type them, and a server in its own process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from server.cli.main import app

PASSWORD = "correct horse 9"
STOP_LIMIT_S = 30.0


def clean_environment(home: Path) -> dict[str, str]:
    """This process's environment without our variables, and with a home of its own."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("QUNZU_", "XDG_"))}
    return env | {"HOME": str(home), "XDG_CONFIG_HOME": str(home / "config"), "COLUMNS": "100"}


class Qunzu:
    """One person's command line: ``qunzu("group", "list")`` gives exit code, stdout and stderr."""

    def __init__(self, home: Path, **env: str) -> None:
        self.env = clean_environment(home) | env

    def __call__(self, *words: str, stdin: str = "") -> Result:
        runner = CliRunner()
        # The runner lays its variables over the process's own: the ones that must not be there are unset.
        ours: dict[str, str | None] = {name: None for name in os.environ if name.startswith("QUNZU_")}
        return runner.invoke(app, list(words), input=stdin, env={**ours, **self.env})

    def process(self, *words: str, **options: Any) -> subprocess.Popen[str]:
        """The same as a real process, for what only a process can show: signals, pipes, streams."""
        command = [sys.executable, "-m", "server.cli.main", *words]
        return subprocess.Popen(
            command,
            env=self.env,
            text=True,
            stdin=options.pop("stdin", subprocess.DEVNULL),
            stdout=options.pop("stdout", subprocess.PIPE),
            stderr=options.pop("stderr", subprocess.PIPE),
            **options,
        )


@pytest.fixture
def qunzu(tmp_path: Path) -> Qunzu:
    return Qunzu(tmp_path)


@pytest.fixture(scope="package")
def server_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server in its own process, shared by the tests of this folder; each test brings its own people."""
    home = tmp_path_factory.mktemp("served")
    process = Qunzu(home).process(
        *(
            "serve",
            "--port",
            "0",
            "--data-dir",
            str(home / "data"),
            "--profile",
            "test",
            "--log-level",
            "error",
        )
    )
    try:
        yield listening(process)
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=STOP_LIMIT_S)


def listening(process: subprocess.Popen[str]) -> str:
    """The URL of the ready line; fails with what was said instead when the server ends before."""
    assert process.stderr is not None
    said = []
    for line in process.stderr:
        if line.startswith("qunzu: listening on "):
            return line.split()[-1]
        said.append(line)
    raise AssertionError("".join(said))


@pytest.fixture
def person(server_url: str, tmp_path: Path) -> Callable[..., Qunzu]:
    """``person("ann")``: somebody registered, verified and remembered, with a command line of their own."""

    def arrive(handle: str, *, verified: bool = True, **env: str) -> Qunzu:
        home = tmp_path / handle
        qunzu = Qunzu(home, QUNZU_URL=server_url, QUNZU_PASSWORD=PASSWORD, **env)
        registered = qunzu("user", "register", "--handle", handle, "--accept-agreement", "2026-11")
        assert registered.exit_code == 0, registered.stderr
        if verified:
            assert qunzu("user", "verify", "--synthetic").exit_code == 0
        return qunzu

    return arrive
