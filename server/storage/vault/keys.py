"""The master key file: made on first start, mode 0600, never in the database and never printed.

It holds key-encryption keys by id, the id in use, and one HMAC key per purpose, so that a digest made for
one purpose means nothing for another.
"""

from __future__ import annotations

import base64
import json
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from server.ports import Secrets

DigestPurpose = Literal["duplicate_check", "retry_check"]
_DIGEST_PURPOSES: tuple[DigestPurpose, ...] = ("duplicate_check", "retry_check")


class KeyFileError(Exception):
    """The key file cannot be used; the text is a sentence for the operator and holds no key."""


@dataclass(frozen=True)
class MasterKeys:
    current: str
    wrapping: Mapping[str, bytes] = field(repr=False)
    digest: Mapping[DigestPurpose, bytes] = field(repr=False)


def create_keys(path: Path, secrets: Secrets) -> MasterKeys:
    """Write a new key file that only its owner can read. Refuses to overwrite one."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    content = {
        "format": 1,
        "current": "k1",
        "wrapping": {"k1": _text(secrets.bytes(32))},
        "digest": {purpose: _text(secrets.bytes(32)) for purpose in _DIGEST_PURPOSES},
    }
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        json.dump(content, file, indent=2)
        file.flush()
        os.fsync(file.fileno())  # a vault sealed with a key that never reached the disk is lost
    return load_keys(path)


def load_keys(path: Path) -> MasterKeys:
    """Read the key file. Raises KeyFileError when it is missing, open to others or damaged."""
    try:
        mode = path.stat().st_mode
        content = json.loads(path.read_text())
    except FileNotFoundError:
        raise KeyFileError(f"the vault key file {path} is missing") from None
    except (OSError, ValueError):
        raise KeyFileError(f"the vault key file {path} cannot be read") from None
    if stat.S_IMODE(mode) & 0o077:
        raise KeyFileError(f"the vault key file {path} is open to others; make it mode 0600")
    try:
        keys = MasterKeys(
            current=content["current"],
            wrapping=_keys(content["wrapping"]),
            digest={purpose: _keys(content["digest"])[purpose] for purpose in _DIGEST_PURPOSES},
        )
        keys.wrapping[keys.current]
    except (AttributeError, KeyError, TypeError, ValueError):
        raise KeyFileError(f"the vault key file {path} is damaged") from None
    return keys


def _text(key: bytes) -> str:
    return base64.b64encode(key).decode()


def _keys(texts: dict[str, str]) -> Mapping[str, bytes]:
    keys = {name: base64.b64decode(text, validate=True) for name, text in texts.items()}
    if any(len(key) != 32 for key in keys.values()):
        raise ValueError("a key has 32 bytes")
    return MappingProxyType(keys)
