"""``qunzu serve``: one server, until it is told to stop. Knows no setting that ``server.config`` does not."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer

from server.cli.output import JsonOption, Output, Usage
from server.cli.settings import ConfigOption


def serve(
    config: ConfigOption = None,
    host: Annotated[str | None, typer.Option(help="The address to listen on.  [default: 127.0.0.1]")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="The port; 0 takes a free one.  [default: 8765]")
    ] = None,
    data_dir: Annotated[
        Path | None, typer.Option(help="Where databases and keys lie.  [default: ~/.local/share/qunzu]")
    ] = None,
    profile: Annotated[
        str | None, typer.Option(help="The policy: demo, reference, test or a TOML file.  [default: demo]")
    ] = None,
    log_level: Annotated[
        str | None, typer.Option(help="debug, info, warning or error.  [default: info]")
    ] = None,
    log_format: Annotated[str | None, typer.Option(help="json or console.  [default: json]")] = None,
    ready_file: Annotated[
        Path | None, typer.Option(help="Write the URL here, at once and whole, as soon as it answers.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Repeatable ids, for demonstrations only.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Start a server. Ctrl-C or SIGTERM stops it: what is under way ends, then clients are told to return.

    What is not said here comes from QUNZU_ variables, then from the file, then from the defaults; see
    "qunzu config show". One line on stderr says where it listens.

    \b
    Example:
      $ qunzu serve
      $ qunzu serve --port 0 --data-dir ./data --ready-file ./url
    """
    with Output(as_json=as_json) as out:
        from server.config import load_config

        settings = load_config(
            config,
            listen={"host": host, "port": port},
            data_dir=data_dir,
            policy={"profile": profile},
            log={"level": log_level, "format": log_format},
            seed=seed,
        )
        if ready_file is not None:
            # One that is left from before would tell of a server that is not there.
            ready_file.unlink(missing_ok=True)
            if not ready_file.parent.is_dir():
                raise Usage(f"--ready-file: there is no directory {ready_file.parent}")
        from server.main import Server
        from server.main import serve as run

        def ready(server: Server) -> None:
            if ready_file is not None:
                _write_whole(ready_file, server.url + "\n")
            out.say(f"qunzu: listening on {server.url}")
            if as_json:
                out.data({"url": server.url, "port": server.port, "data_dir": str(settings.data_dir)}, "")

        code = asyncio.run(run(settings, on_ready=ready))
    raise typer.Exit(code)


def _write_whole(path: Path, text: str) -> None:
    """Whoever looks sees no file or all of it."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)
