"""The master key file: for its owner alone, written once, and refused when anything about it is wrong."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from server.storage.vault.keys import KeyFileError, create_keys, load_keys
from tests.storage.chance import CountingSecrets


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys" / "vault.key"


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_a_new_key_file_is_for_its_owner_alone(path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        create_keys(path, CountingSecrets())
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) & 0o077 == 0


def test_what_was_written_is_what_is_read(path: Path) -> None:
    made = create_keys(path, CountingSecrets())
    assert load_keys(path) == made
    assert made.current == "k1"
    assert len({made.wrapping["k1"], made.digest["duplicate_check"]}) == 2


def test_a_key_file_is_never_overwritten(path: Path) -> None:
    made = create_keys(path, CountingSecrets())
    with pytest.raises(FileExistsError):
        create_keys(path, CountingSecrets())
    assert load_keys(path) == made


def test_a_key_is_not_printed(path: Path) -> None:
    keys = create_keys(path, CountingSecrets())
    printed = f"{keys} {keys!r}"
    assert repr(keys.wrapping["k1"]) not in printed
    assert repr(keys.digest["duplicate_check"]) not in printed


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660, 0o666, 0o601])
def test_a_key_file_open_to_others_is_refused(path: Path, mode: int) -> None:
    create_keys(path, CountingSecrets())
    path.chmod(mode)
    with pytest.raises(KeyFileError, match="open to others"):
        load_keys(path)


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_its_owner_may_write_protect_it(path: Path, mode: int) -> None:
    made = create_keys(path, CountingSecrets())
    path.chmod(mode)
    assert load_keys(path) == made


def test_a_missing_key_file_is_said_to_be_missing(path: Path) -> None:
    with pytest.raises(KeyFileError, match=r"vault\.key is missing"):
        load_keys(path)


def test_a_directory_is_no_key_file(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match="cannot be read"):
        load_keys(tmp_path)


KEY = "A" * 43 + "="
DAMAGED: dict[str, Any] = {
    "nothing in it": {},
    "no current key": {"wrapping": {"k1": KEY}, "digest": {"duplicate_check": KEY, "retry_check": KEY}},
    "current key not there": {
        "current": "k2",
        "wrapping": {"k1": KEY},
        "digest": {"duplicate_check": KEY, "retry_check": KEY},
    },
    "no digest key": {"current": "k1", "wrapping": {"k1": KEY}, "digest": {}},
    "a short key": {
        "current": "k1",
        "wrapping": {"k1": "AAAA"},
        "digest": {"duplicate_check": KEY, "retry_check": KEY},
    },
    "a long key": {
        "current": "k1",
        "wrapping": {"k1": "A" * 48},
        "digest": {"duplicate_check": KEY, "retry_check": KEY},
    },
    "not base64": {
        "current": "k1",
        "wrapping": {"k1": "?" * 44},
        "digest": {"duplicate_check": KEY, "retry_check": KEY},
    },
    "a number": {
        "current": "k1",
        "wrapping": {"k1": 7},
        "digest": {"duplicate_check": KEY, "retry_check": KEY},
    },
    "a list": [],
    "keys in a list": {
        "current": "k1",
        "wrapping": [KEY],
        "digest": {"duplicate_check": KEY, "retry_check": KEY},
    },
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_key_file_is_refused_without_a_word_of_its_content(path: Path, content: Any) -> None:
    path.parent.mkdir()
    path.touch(mode=0o600)
    path.write_text(json.dumps(content))
    with pytest.raises(KeyFileError, match="damaged") as refused:
        load_keys(path)
    assert KEY[:8] not in str(refused.value)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe\x00"])
def test_what_is_not_json_cannot_be_read(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.touch(mode=0o600)
    path.write_bytes(content)
    with pytest.raises(KeyFileError, match="cannot be read"):
        load_keys(path)
