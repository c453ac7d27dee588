"""What the command line promises without any server: help, exit codes, errors that name the right word."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from server.cli.main import app
from server.cli.output import Output
from tests.cli.conftest import Qunzu

NEEDED = {
    "group create": ["Tea"],
    "group info": ["G-0000000000"],
    "group join": ["G-0000000000"],
    "group leave": ["G-0000000000"],
    "message send": ["G-0000000000", "Hello"],
    "message tail": ["G-0000000000"],
    "rpc call": ["server.about"],
    "rules compare": ["2026-10", "2026-11"],
}
"""The arguments that commands cannot do without."""


def every_command() -> Iterator[tuple[str, ...]]:
    def below(command: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        children = getattr(command, "commands", None)
        if children is None:
            yield path
            return
        for name, child in children.items():
            yield from below(child, (*path, name))

    return below(typer.main.get_command(app), ())


@pytest.mark.parametrize("command", every_command(), ids=" ".join)
def test_every_command_explains_itself_with_an_example(qunzu: Qunzu, command: tuple[str, ...]) -> None:
    told = qunzu(*command, "--help")
    assert told.exit_code == 0
    assert f"$ qunzu {' '.join(command)}" in told.stdout.replace("\n", " ") or command == ("rules", "compare")
    assert "Example:" in told.stdout


@pytest.mark.parametrize(
    "command", [path for path in every_command() if path not in {("tui",)}], ids=" ".join
)
def test_every_command_speaks_json(qunzu: Qunzu, command: tuple[str, ...]) -> None:
    assert "--json" in qunzu(*command, "--help").stdout


def test_every_command_of_the_plan_is_there() -> None:
    wanted = """
        serve, demo, tui, version, config show, config validate, user register, user verify, group create,
        group list, group info, message send, message tail, rpc call, rpc watch, rpc schema
    """
    assert {tuple(it.split()) for it in wanted.split(",")} <= set(every_command())


def test_version_says_so_and_needs_nothing_heavy(qunzu: Qunzu) -> None:
    assert json.loads(qunzu("version", "--json").stdout)["name"] == "qunzu"
    code = "import sys; from server.cli.main import app; app(['version'], standalone_mode=False)"
    code += "; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    for heavy in ("sqlalchemy", "textual", "websockets", "pydantic_settings", "argon2", "structlog"):
        assert heavy not in loaded.split()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("group", "list", "--jsno"), "No such option"),
        (("grup", "list"), "No such command"),
        (("message", "send", "G-7K2M9Q4XW0"), "Missing argument"),
    ],
)
def test_a_wrong_command_line_is_exit_code_2(qunzu: Qunzu, words: tuple[str, ...], told: str) -> None:
    result = qunzu(*words)
    assert result.exit_code == 2
    assert told in result.stderr


def test_nobody_there_is_exit_code_3(qunzu: Qunzu) -> None:
    result = qunzu("group", "list", "--url", "ws://127.0.0.1:9/ws", "--token", "x" * 43)
    assert result.exit_code == 3
    assert "cannot connect" in result.stderr
    assert "qunzu serve starts one" in result.stderr


def test_a_misspelt_parameter_is_told_the_nearest(qunzu: Qunzu) -> None:
    result = qunzu("rpc", "call", "message.history", "group=G-0000000000", "limt=2")
    assert result.exit_code == 2
    assert "no parameter 'limt'; nearest is limit" in result.stderr


def test_a_method_that_is_none_is_noticed_before_anything_private_is_asked(qunzu: Qunzu) -> None:
    result = qunzu("user", "verify", "--method", "passport")
    assert result.exit_code == 2
    assert "other_document with --document" in result.stderr


def test_no_summary_of_a_command_is_cut_off(qunzu: Qunzu) -> None:
    qunzu.env["COLUMNS"] = "80"
    for noun in ((), ("user",), ("rules",), ("group",), ("message",), ("rpc",), ("config",)):
        assert "..." not in qunzu(*noun, "--help").stdout.partition("Commands:")[2]


def test_a_misspelt_event_type_is_not_waited_for(qunzu: Qunzu) -> None:
    result = qunzu("rpc", "watch", "--type", "message.psoted")
    assert result.exit_code == 2
    assert "nearest is message.posted" in result.stderr


def test_nobody_logged_in_is_told_what_to_do(qunzu: Qunzu) -> None:
    result = qunzu("group", "list", "--json")
    assert result.exit_code == 2
    assert "qunzu user login" in result.stderr
    assert json.loads(result.stdout)["error"]["type"] == "usage"


@pytest.mark.parametrize("url", ["http://127.0.0.1:8765", "ws://", "ws://here:many/ws", "127.0.0.1:8765"])
def test_an_address_that_is_none_is_noticed(qunzu: Qunzu, url: str) -> None:
    result = qunzu("rules", "show", "--url", url)
    assert result.exit_code == 2
    assert "no server address" in result.stderr


@pytest.mark.parametrize("command", [path for path in every_command() if path != ("version",)], ids=" ".join)
def test_a_misspelt_variable_stops_every_command(tmp_path: Path, command: tuple[str, ...]) -> None:
    result = Qunzu(tmp_path, QUNZU_PASWORD="x")(*command, *NEEDED.get(" ".join(command), []))
    assert result.exit_code == 2
    assert "QUNZU_PASWORD: unknown variable; nearest is QUNZU_PASSWORD" in result.stderr


def test_config_show_says_where_each_value_comes_from(tmp_path: Path) -> None:
    file = tmp_path / "qunzu.toml"
    file.write_text("[listen]\nport = 9000\n")
    qunzu = Qunzu(tmp_path, QUNZU_CONFIG=str(file), QUNZU_LOG__LEVEL="error")
    rows = {row["key"]: row for row in json.loads(qunzu("config", "show", "--json").stdout)["settings"]}
    assert rows["listen.port"] == {"key": "listen.port", "value": 9000, "source": f"{file}:2"}
    assert rows["log.level"]["source"] == "QUNZU_LOG__LEVEL"
    assert "listen.host" in qunzu("config", "show").stdout


def test_config_validate_checks_the_policy_too(tmp_path: Path, qunzu: Qunzu) -> None:
    assert json.loads(qunzu("config", "validate", "--json").stdout)["valid"] is True
    below = Qunzu(tmp_path, QUNZU_POLICY__OVERRIDES__RETENTION__LOG_MIN_DAYS="30")(
        "config", "validate", "--json"
    )
    assert below.exit_code == 2
    assert "CG-13.2" in below.stderr
    assert json.loads(below.stdout)["error"]["problems"][0]["clause"] == "CG-13.2"


def test_a_missing_config_file_is_an_error(tmp_path: Path, qunzu: Qunzu) -> None:
    (tmp_path / "qunzu.toml").write_text("")
    result = qunzu("config", "validate", "--config", str(tmp_path / "qunzo.toml"))
    assert result.exit_code == 2
    assert "nearest is qunzu.toml" in result.stderr


def test_schema_needs_no_server(qunzu: Qunzu) -> None:
    document = json.loads(qunzu("rpc", "schema").stdout)
    assert document["openrpc"].startswith("1.3")
    assert json.loads(qunzu("rpc", "schema", "message.send").stdout)["scope"] == "member"
    assert json.loads(qunzu("rpc", "schema", "message.posted").stdout)["durable"] is True


def test_an_unknown_method_names_the_nearest(qunzu: Qunzu) -> None:
    result = qunzu("rpc", "call", "mesage.send")
    assert result.exit_code == 2
    assert "nearest is message.send" in result.stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("limit",), "is not name=value"),
        (("{broken",), "not JSON"),
        (("group=G-0000000000", "limit=many"), "limit: "),
    ],
)
def test_parameters_that_are_none_are_noticed_here(qunzu: Qunzu, words: tuple[str, ...], told: str) -> None:
    result = qunzu("rpc", "call", "message.history", *words)
    assert result.exit_code == 2
    assert told in result.stderr


def test_a_mistyped_group_id_is_noticed_before_anybody_is_asked(qunzu: Qunzu) -> None:
    """CG-08.4: the check character is for this."""
    result = qunzu("group", "info", "G-0000000001", "--url", "ws://127.0.0.1:9/ws", "--token", "x" * 43)
    assert result.exit_code == 2
    assert "mistyped group id" in result.stderr


@pytest.mark.clause("CG-06.1")
def test_at_any_server_somebody_made_up_is_offered(qunzu: Qunzu, monkeypatch: pytest.MonkeyPatch) -> None:
    """CG-06.1 wants a verified identity, and nobody works out a check character by hand."""
    started: dict[str, Any] = {}
    monkeypatch.setattr(Output, "on_terminal", True)

    def run(url: str, **given: Any) -> int:
        started.update(given)
        return 0

    monkeypatch.setattr("client_tui.app.run", run)
    assert qunzu("tui", "--lang", "zh").exit_code == 0
    assert started["offered_person"].number.startswith("000000")


def test_the_terminal_client_wants_a_terminal(qunzu: Qunzu) -> None:
    result = qunzu("tui")
    assert result.exit_code == 2
    assert "needs a terminal" in result.stderr
