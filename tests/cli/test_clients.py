"""A person at the command line, against a real server in a process of its own."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from client_tui.sdk import CallError
from server.cli.output import refusal_sentence
from tests.cli.conftest import PASSWORD, Qunzu

Person = Callable[..., Qunzu]


@pytest.mark.clause("CG-05.3")
def test_rules_are_read_without_an_account(server_url: str, tmp_path: Path) -> None:
    qunzu = Qunzu(tmp_path, QUNZU_URL=server_url)
    shown = qunzu("rules", "show", "--locale", "zh")
    assert shown.exit_code == 0
    assert shown.stdout.startswith("#")
    assert "sha256" in shown.stderr


@pytest.mark.clause("CG-05.4")
@pytest.mark.parametrize("accepted", [(), ("--accept-agreement", "2001-01")])
def test_without_the_current_agreement_nothing_is_opened(
    server_url: str, tmp_path: Path, accepted: tuple[str, ...]
) -> None:
    """CG-05.4: nothing is ticked beforehand, and what is outdated does not count."""
    qunzu = Qunzu(tmp_path, QUNZU_URL=server_url, QUNZU_PASSWORD=PASSWORD)
    result = qunzu("user", "register", "--handle", "hasty", *accepted)
    assert result.exit_code == 2
    assert "qunzu rules show agreement" in result.stderr
    assert "--accept-agreement 2026-11" in result.stderr
    assert qunzu("user", "login", "--handle", "hasty").exit_code == 1


@pytest.mark.clause("CG-06.3")
def test_a_refusal_is_a_sentence_with_type_and_clause(person: Person) -> None:
    ann = person("ann-unverified", verified=False)
    result = ann("group", "create", "Tea", "--json")
    assert result.exit_code == 1
    assert "(identity_required, clause CG-06.3)" in result.stderr
    body = json.loads(result.stdout)["error"]
    assert (body["code"], body["data"]["type"], body["data"]["clause"]) == (
        1403,
        "identity_required",
        "CG-06.3",
    )


@pytest.mark.clause("CG-08.2")
def test_a_refusal_says_which_number_of_the_policy_decided() -> None:
    data = {"type": "cap_created", "clause": "CG-08.2", "policy": {"caps.created_absolute": 3}}
    refused = CallError(1413, "You own enough.", data)
    told = "You own enough. Policy: caps.created_absolute = 3. (cap_created, clause CG-08.2)"
    assert refusal_sentence(refused) == told


def test_from_registration_to_the_first_answer(person: Person) -> None:
    ann, bob = person("ann"), person("bob")
    group = ann("group", "create", "The Tea Table", "--category", "hobby").stdout.strip()
    assert group.startswith("G-")
    assert bob("group", "join", group, "--nickname", "Two Sugars").exit_code == 0
    asked = ann("message", "send", group, "Anyone for oolong?").stdout.strip()
    answer = bob("message", "send", group, "-", "--reply-to", asked, stdin="Always.\nTwo cups.\n")
    assert answer.exit_code == 0
    told = ann("message", "tail", group, "--no-follow").stdout.splitlines()
    assert told[0].endswith("ann [群主 owner]: Anyone for oolong?")
    assert f"Two Sugars [成员 member] (to #{asked}): Always." in told[1]
    listed = json.loads(bob("group", "list", "--json").stdout)
    assert [it["group"]["name"] for it in listed["groups"]] == ["The Tea Table"]
    card = ann("group", "info", group).stdout
    assert group in card
    assert "2 (at most" in card
    assert bob("group", "leave", group).stdout == "You left.\n"


def test_tail_follows_and_ends_on_ctrl_c(person: Person) -> None:
    cleo = person("cleo")
    group = cleo("group", "create", "Sunday Walks").stdout.strip()
    cleo("message", "send", group, "before")
    tail = cleo.process("message", "tail", group, "--json")
    assert tail.stdout is not None
    assert json.loads(tail.stdout.readline())["text"] == "before"
    cleo("message", "send", group, "after")
    assert json.loads(tail.stdout.readline())["text"] == "after"
    tail.send_signal(signal.SIGINT)
    assert tail.wait(timeout=20) == 0


def test_tail_ends_after_the_count_it_was_given(person: Person) -> None:
    dora = person("dora")
    group = dora("group", "create", "Counting").stdout.strip()
    for number in range(3):
        dora("message", "send", group, str(number))
    assert len(dora("message", "tail", group, "--count", "2").stdout.splitlines()) == 2


def test_tail_shows_every_message_where_there_are_fewer_than_asked_for(person: Person) -> None:
    dina = person("dina")
    group = dina("group", "create", "Few").stdout.strip()
    for number in range(3):
        dina("message", "send", group, str(number))
    told = dina("message", "tail", group, "--no-follow", "-n", "5").stdout.splitlines()
    assert [line[-1] for line in told] == ["0", "1", "2"]
    assert dina("message", "tail", group, "--no-follow", "-n", "0").stdout == ""


def test_watch_prints_events_as_lines(person: Person) -> None:
    emil = person("emil")
    watch = emil.process("rpc", "watch", "--json", "--type", "group.created", "--count", "1")
    assert watch.stderr is not None
    assert watch.stdout is not None
    assert "watching" in watch.stderr.readline()
    group = emil("group", "create", "Watched").stdout.strip()
    event = json.loads(watch.stdout.readline())
    assert (event["stream"], event["seq"], event["data"]["group"]["name"]) == (f"group:{group}", 1, "Watched")
    assert watch.wait(timeout=20) == 0


def test_a_reader_that_has_had_enough_is_no_failure(person: Person) -> None:
    finn = person("finn")
    watch = finn.process("rpc", "watch", "--json")
    assert watch.stderr is not None
    assert watch.stdout is not None
    watch.stderr.readline()
    watch.stdout.close()
    finn("group", "create", "Unread")
    assert watch.wait(timeout=20) == 0


def test_one_act_under_one_name_happens_once(person: Person) -> None:
    gil = person("gil")
    group = gil("group", "create", "Once").stdout.strip()
    first, again = (
        gil("message", "send", group, "Hello", "--op-id", "my-first-try").stdout for _ in range(2)
    )
    assert first == again
    assert len(gil("message", "tail", group, "-F").stdout.splitlines()) == 1


def test_any_method_can_be_called(person: Person) -> None:
    hal = person("hal")
    about = json.loads(hal("rpc", "call", "server.about", "locale=zh").stdout)
    assert about["simulation"] is True
    created = json.loads(hal("rpc", "call", "group.create", '{"name": "By hand", "cap": 5}', "--json").stdout)
    page = hal("rpc", "call", "group.members", f"group={created['group']['group']}", "limit=5")
    assert json.loads(page.stdout)["total"] == 1


def test_a_password_serves_one_command_and_leaves_no_session_behind(person: Person, tmp_path: Path) -> None:
    ida = person("ida")
    elsewhere = Qunzu(tmp_path / "elsewhere", QUNZU_URL=ida.env["QUNZU_URL"], QUNZU_PASSWORD=PASSWORD)
    for _ in range(4):  # more often than there may be sessions
        assert elsewhere("group", "list", "--handle", "ida").exit_code == 0
    sessions = json.loads(ida("rpc", "call", "session.list").stdout)
    assert len(sessions["sessions"]) == 1


def test_logging_out_forgets_the_session_and_logging_in_brings_one_back(person: Person) -> None:
    jo = person("jo")
    assert jo("user", "logout").exit_code == 0
    assert "nobody is logged in" in jo("group", "list").stderr
    wrong = Qunzu(Path(jo.env["HOME"]), QUNZU_URL=jo.env["QUNZU_URL"], QUNZU_PASSWORD="wrong password")
    refused = wrong("user", "login", "--handle", "jo")
    assert refused.exit_code == 1
    assert "bad_credentials" in refused.stderr
    opened = jo("user", "login", "--handle", "jo", "--json")
    assert "token" not in json.loads(opened.stdout)
    assert jo("group", "list").exit_code == 0


@pytest.mark.clause("CG-06.1")
def test_an_identity_is_not_asked_for_on_the_command_line(person: Person) -> None:
    kim = person("kim", verified=False)
    refused = kim("user", "verify")
    assert refused.exit_code == 2
    assert "legal name cannot be asked for here" in refused.stderr
    verified = kim("user", "verify", "--synthetic", "--locale", "zh")
    assert "测试" in verified.stderr
    assert "测试" not in verified.stdout
    assert "verified · resident_id" in verified.stdout
