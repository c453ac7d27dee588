"""``qunzu version``. Imports nothing heavy: it is the command that tells whether an installation works."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version

from server.cli.output import JsonOption, Output

UNINSTALLED = "0+source"
"""What a checkout calls itself that was never installed."""


def version(as_json: JsonOption = False) -> None:
    """Say which version this is.

    \b
    Example:
      $ qunzu version --json
    """
    with Output(as_json=as_json) as out:
        python = platform.python_version()
        document = {"name": "qunzu", "version": current_version(), "python": python, "simulation": True}
        out.data(
            document,
            f"qunzu {document['version']} (Python {python}); a simulation, synthetic identities only",
        )


def current_version() -> str:
    try:
        return installed_version("qunzu")
    except PackageNotFoundError:
        return UNINSTALLED
