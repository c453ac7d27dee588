"""The server as it is, except that it dies between the vault and the front stage of an identity.verify."""

from __future__ import annotations

import os
import signal
from typing import Any

from server.cli.main import app_main
from server.storage.vault.vault import Vault

_enrol = Vault.enrol


async def _enrol_and_die(self: Vault, *arguments: Any, **named: Any) -> None:
    await _enrol(self, *arguments, **named)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    Vault.enrol = _enrol_and_die  # type: ignore[method-assign]  # the one change
    app_main()
