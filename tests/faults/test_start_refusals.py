"""A server that cannot start says why in one clear sentence, and ends with exit code 2."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from server.main import Server
from tests.conftest import config_for
from tests.fakes import PlainHasher
from tests.faults.process import REPOSITORY

_PATIENCE_S = 60


@pytest.fixture
async def data(tmp_path: Path) -> Path:
    """A data directory that a server has used and left."""
    async with Server(config_for(tmp_path), hasher=PlainHasher()):
        pass
    return tmp_path / "data"


async def _refusal(data: Path, *options: str, env: dict[str, str] | None = None) -> str:
    """The sentence with which the server refuses to start."""
    command = (
        "-m",
        "server.cli.main",
        "serve",
        "--data-dir",
        str(data),
        "--profile",
        "test",
        "--port",
        "0",
        *options,
    )
    environment = {"PATH": os.environ["PATH"], "HOME": str(data.parent)} | (env or {})
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, *command),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=REPOSITORY,
        env=environment,
    )
    async with asyncio.timeout(_PATIENCE_S):
        stdout, stderr = await process.communicate()
    said = [line for line in stderr.decode().splitlines() if not line.startswith("{")]
    assert (process.returncode, stdout) == (2, b""), stderr.decode()
    assert len(said) == 1, f"more than one sentence: {said}"
    assert said[0].startswith("qunzu: ")
    return said[0]


async def test_the_port_is_in_use(data: Path) -> None:
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        said = await _refusal(data, "--port", str(port))
    assert f"port {port}: address already in use" in said


async def test_another_server_uses_the_data_directory(tmp_path: Path) -> None:
    """Two servers over one directory would both assign the next place in a stream."""
    async with Server(config_for(tmp_path), hasher=PlainHasher()):
        assert "another server uses the data directory" in await _refusal(tmp_path / "data")


async def test_the_data_directory_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a directory")
    assert "is not writable" in await _refusal(tmp_path / "file" / "data")


@pytest.mark.parametrize("name", ["front", "vault"])
async def test_the_schema_is_newer_than_this_release(data: Path, name: str) -> None:
    with contextlib.closing(sqlite3.connect(data / f"{name}.db")) as sql, sql:
        sql.execute("update alembic_version set version_num = '9999'")
    said = await _refusal(data)
    assert f"the {name} database has schema 9999" in said
    assert "newer release" in said


@pytest.mark.parametrize("name", ["front", "vault"])
async def test_a_database_is_damaged(data: Path, name: str) -> None:
    (data / f"{name}.db").write_bytes(b"this was a database once " * 400)
    assert f"cannot open the {name} database" in await _refusal(data)


def _missing(keys: Path) -> None:
    keys.unlink()


def _open_to_others(keys: Path) -> None:
    keys.chmod(0o644)


def _damaged(keys: Path) -> None:
    keys.write_text("{}")


def _no_json(keys: Path) -> None:
    keys.write_text("not json")


@pytest.mark.clause("CG-06.1")
@pytest.mark.parametrize(
    ("harm", "sentence"),
    [
        (_missing, "is missing"),
        (_open_to_others, "is open to others; make it mode 0600"),
        (_damaged, "is damaged"),
        (_no_json, "cannot be read"),
    ],
)
async def test_the_key_file_cannot_be_used(data: Path, harm: Callable[[Path], None], sentence: str) -> None:
    harm(data / "keys" / "vault.json")
    said = await _refusal(data)
    assert sentence in said
    assert "identities in the vault cannot be opened" in said


@pytest.mark.clause("CG-06.1")
async def test_the_key_file_belongs_to_another_vault(data: Path, tmp_path: Path) -> None:
    async with Server(config_for(tmp_path / "other"), hasher=PlainHasher()):
        pass
    shutil.copy(tmp_path / "other" / "data" / "keys" / "vault.json", data / "keys" / "vault.json")
    assert "does not belong to this vault" in await _refusal(data)


async def test_no_such_profile(tmp_path: Path) -> None:
    assert "tset" in await _refusal(tmp_path / "data", "--profile", "tset")


@pytest.mark.clause("CG-13.2")
async def test_a_policy_below_a_floor_of_law(tmp_path: Path) -> None:
    override = {"QUNZU_POLICY__OVERRIDES__RETENTION__LOG_MIN_DAYS": "30"}
    said = await _refusal(tmp_path / "data", env=override)
    assert "log_min_days" in said
    assert "CG-13.2" in said


async def test_a_misspelt_variable(tmp_path: Path) -> None:
    assert "nearest is QUNZU_LISTEN__PORT" in await _refusal(
        tmp_path / "data", env={"QUNZU_LISTEN__PROT": "1"}
    )
