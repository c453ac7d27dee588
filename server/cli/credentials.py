"""Remembered sessions, so that a password is typed once. Knows tokens and nothing else about a person.

A file that only its owner may read, ``credentials.json`` in ``$XDG_CONFIG_HOME/qunzu``. A token is worth a
log-in, so a file that others can read is refused, as ssh refuses a key.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from server.cli.output import Usage


@dataclass(frozen=True, slots=True)
class Remembered:
    """One log-in at one server."""

    url: str
    handle: str
    token: str


def default_file(env: Mapping[str, str]) -> Path:
    home = env.get("XDG_CONFIG_HOME")
    return (Path(home) if home else Path.home() / ".config") / "qunzu" / "credentials.json"


class Credentials:
    """The remembered sessions of one file, the newest first."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def find(self, url: str, handle: str | None) -> Remembered | None:
        """The newest session at ``url``, of ``handle`` if one is given."""
        return next(
            (it for it in self._load() if it.url == url and (handle is None or it.handle == handle)), None
        )

    def remember(self, entry: Remembered) -> None:
        self._save([entry, *self._others(entry)])

    def forget(self, entry: Remembered) -> None:
        self._save(self._others(entry))

    def _others(self, entry: Remembered) -> list[Remembered]:
        return [it for it in self._load() if (it.url, it.handle) != (entry.url, entry.handle)]

    def _load(self) -> list[Remembered]:
        try:
            with self._file.open(encoding="utf-8") as file:
                if os.fstat(file.fileno()).st_mode & 0o077:
                    raise Usage(
                        f"{self._file} can be read by others, and a token in it is worth a log-in: "
                        f"chmod 600 {self._file}"
                    )
                return [Remembered(**entry) for entry in json.load(file)["sessions"]]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise Usage(f"{self._file} cannot be read: {error.strerror}") from None
        except (ValueError, KeyError, TypeError):
            raise Usage(f"{self._file} is not a credentials file; remove it and log in again") from None

    def _save(self, entries: list[Remembered]) -> None:
        """Replace the file in one step, never readable by others for even a moment."""
        text = json.dumps({"sessions": [asdict(entry) for entry in entries]}, ensure_ascii=False, indent=2)
        beside = self._file.with_name(self._file.name + ".new")
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            beside.unlink(missing_ok=True)
            with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(text + "\n")
            beside.replace(self._file)
        except OSError as error:
            raise Usage(f"{self._file} cannot be written: {error.strerror}") from None
