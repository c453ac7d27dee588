"""Remembered sessions: found by server and handle, and nobody else's to read."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.cli.credentials import Credentials, Remembered, default_file
from server.cli.output import Usage

HERE, THERE = "ws://127.0.0.1:1/ws", "ws://127.0.0.1:2/ws"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config" / "credentials.json"


def test_the_newest_session_at_a_server_is_found(file: Path) -> None:
    ann, bob = Remembered(HERE, "ann", "a" * 43), Remembered(HERE, "bob", "b" * 43)
    credentials = Credentials(file)
    assert credentials.find(HERE, None) is None
    credentials.remember(ann)
    credentials.remember(bob)
    assert credentials.find(HERE, None) == bob
    assert credentials.find(HERE, "ann") == ann
    assert credentials.find(THERE, "ann") is None


def test_a_new_session_replaces_the_old_and_can_be_forgotten(file: Path) -> None:
    credentials = Credentials(file)
    credentials.remember(Remembered(HERE, "ann", "old"))
    new = Remembered(HERE, "ann", "new")
    credentials.remember(new)
    assert credentials.find(HERE, "ann") == new
    credentials.forget(new)
    assert credentials.find(HERE, "ann") is None


def test_only_the_owner_may_read_it(file: Path) -> None:
    credentials = Credentials(file)
    credentials.remember(Remembered(HERE, "ann", "a" * 43))
    assert file.stat().st_mode & 0o777 == 0o600
    file.chmod(0o644)
    with pytest.raises(Usage, match="chmod 600"):
        credentials.find(HERE, "ann")


@pytest.mark.parametrize("text", ["", "[]", '{"sessions": [{"url": 1}]}'])
def test_a_file_that_is_something_else_is_told(file: Path, text: str) -> None:
    file.parent.mkdir()
    file.touch(mode=0o600)
    file.write_text(text)
    with pytest.raises(Usage, match="not a credentials file"):
        Credentials(file).find(HERE, None)


def test_it_lies_where_a_persons_configuration_lies(tmp_path: Path) -> None:
    assert default_file({"XDG_CONFIG_HOME": str(tmp_path)}) == tmp_path / "qunzu" / "credentials.json"
    assert default_file({}) == Path.home() / ".config" / "qunzu" / "credentials.json"
