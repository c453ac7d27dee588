"""Starts servers from an interpreter that has imported them already: a start costs a fork and no imports.

A program: one JSON list of arguments a line in, JSON lines about each server out."""

from __future__ import annotations

import json
import os
import sys
from typing import NoReturn

import server.cli.main
import server.main  # what `serve` would import only once it runs


def run() -> None:
    """A line ``{"pid": …}`` per server, the line that the server itself prints, and ``{"ended": code}``."""
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            _serve(json.loads(line))
        print(json.dumps({"pid": pid}), flush=True)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        print(json.dumps({"ended": code}), flush=True)


def _serve(arguments: list[str]) -> NoReturn:
    sys.argv = ["qunzu", *arguments]
    try:
        server.cli.main.app_main()
    except SystemExit as end:
        sys.stdout.flush()
        os._exit(end.code if isinstance(end.code, int) else 1)
    os._exit(0)


if __name__ == "__main__":
    run()
