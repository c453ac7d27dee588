"""``qunzu serve`` as a process: ready, refused, stopped."""

from __future__ import annotations

import json
import signal
import socket
import urllib.request
from pathlib import Path

from tests.cli.conftest import Qunzu, listening


def test_it_says_where_it_listens_and_stops_when_told(qunzu: Qunzu, tmp_path: Path) -> None:
    ready = tmp_path / "url"
    served = qunzu.process(
        "serve", "--port", "0", "--data-dir", str(tmp_path / "data"), "--ready-file", str(ready), "--json"
    )
    url = listening(served)
    assert ready.read_text() == f"{url}\n"
    assert served.stdout is not None
    assert json.loads(served.stdout.readline())["url"] == url
    http = url.replace("ws://", "http://").replace("/ws", "/healthz")
    with urllib.request.urlopen(http, timeout=10) as answer:
        assert answer.status == 200
    served.send_signal(signal.SIGTERM)
    served.communicate(timeout=30)
    assert served.returncode == 0


def test_a_port_in_use_is_one_sentence(qunzu: Qunzu, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = qunzu("serve", "--port", str(port), "--data-dir", str(tmp_path / "data"))
    assert result.exit_code == 2
    assert f"cannot listen on 127.0.0.1 port {port}" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_data_directory_that_is_none_is_one_sentence(qunzu: Qunzu, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("in the way")
    result = qunzu("serve", "--port", "0", "--data-dir", str(tmp_path / "data"), "--json")
    assert result.exit_code == 2
    assert "is not writable" in result.stderr
    assert json.loads(result.stdout)["error"]["type"] == "start_refused"


def test_a_ready_file_that_cannot_be_is_told_before_anything_starts(qunzu: Qunzu, tmp_path: Path) -> None:
    result = qunzu("serve", "--port", "0", "--ready-file", str(tmp_path / "nowhere" / "url"))
    assert result.exit_code == 2
    assert "there is no directory" in result.stderr


def test_an_unknown_profile_is_told_with_the_nearest(qunzu: Qunzu, tmp_path: Path) -> None:
    result = qunzu("serve", "--port", "0", "--data-dir", str(tmp_path / "data"), "--profile", "dmeo")
    assert result.exit_code == 2
    assert "nearest is demo" in result.stderr
