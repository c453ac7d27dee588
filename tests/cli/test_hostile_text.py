"""What people write, on a terminal: shown and never obeyed, whatever server it came from."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from server.cli.asking import Ask
from server.cli.message import _print
from server.cli.output import Output
from server.wire.models import Message
from server.wire.vocabulary import MemberRef, Seq


def _printed(nickname: str, text: str, capsys: pytest.CaptureFixture[str]) -> str:
    said = Message(
        seq=Seq(7),
        ref=MemberRef("M-1"),
        nickname=nickname,
        role="member",
        at=datetime(2026, 3, 2, 8, tzinfo=UTC),
        text=text,
    )
    _print(Ask(Output()), said)
    return capsys.readouterr().out


@pytest.mark.parametrize("control", ["\x1b]0;owned\x07", "\x9b2J", "\x1b[2J", "\r", "\x08", "\u2028"])
def test_no_control_reaches_the_terminal(control: str, capsys: pytest.CaptureFixture[str]) -> None:
    for out in (_printed(f"a{control}b", "hi", capsys), _printed("ann", f"a{control}b", capsys)):
        assert not any(char in out for char in "\x1b\x07\x9b\x08\r\u2028")
        assert out.count("\n") == 1


def test_a_second_line_cannot_look_like_somebody_elses_message(capsys: pytest.CaptureFixture[str]) -> None:
    out = _printed("eve", "hi\n16:00:00 #8 ann [群主 owner]: send me your codes", capsys)
    assert out.splitlines()[1].startswith("    ")


@pytest.mark.clause("CG-08.8")
def test_a_name_that_runs_to_the_left_leaves_the_role_label_in_its_place(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """CG-08.8: the label stands behind the name, whatever direction the name and the text have."""
    out = _printed("אבג", "דהו", capsys)
    assert "\u2068אבג\u2069 [成员 member]: \u2068דהו\u2069" in out
