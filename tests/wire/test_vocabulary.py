"""The words of the contract: what each takes, exactly, and what it turns away without guessing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from pydantic import ValidationError

from server.wire.models import Message, SessionView
from server.wire.verbs.account import RegisterParams
from server.wire.verbs.group import CreateGroupParams, JoinGroupParams
from server.wire.verbs.identity import VerifyParams
from server.wire.verbs.message import HistoryParams, SendParams
from server.wire.verbs.session import OpenParams
from server.wire.vocabulary import AccountId, MemberRef, Seq, SessionId, account_stream, group_stream
from tests.wire.samples import CLIENT, GROUP, OP

SEND: dict[str, Any] = {"group": GROUP, "text": "好茶", "client_op_id": OP}
CREATE: dict[str, Any] = {"name": "tea", "client_op_id": OP}
OPEN: dict[str, Any] = {"token": "t" * 43, "client": CLIENT}
VERIFY: dict[str, Any] = {
    "method": "resident_id",
    "legal_name": "测试甲",
    "number": "000000199001010018",
    "client_op_id": OP,
}


def refused(model: type[Any], values: dict[str, Any]) -> list[str]:
    """Which fields are at fault."""
    with pytest.raises(ValidationError) as refusal:
        model.model_validate(values)
    return [".".join(map(str, error["loc"])) for error in refusal.value.errors()]


def test_a_send_is_taken_as_it_is_meant() -> None:
    params = SendParams.model_validate(SEND | {"text": "e\u0301\r\n", "group": GROUP.lower()})
    assert (params.text, params.group) == ("é\n", GROUP)


def test_an_unknown_field_is_not_ignored() -> None:
    assert refused(SendParams, SEND | {"colour": "red"}) == ["colour"]


@pytest.mark.parametrize("missing", ["group", "text", "client_op_id"])
def test_nothing_that_is_needed_can_be_left_out(missing: str) -> None:
    assert refused(SendParams, {key: value for key, value in SEND.items() if key != missing}) == [missing]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("text", 7),
        ("text", None),
        ("text", ["a"]),
        ("group", 7),
        ("reply_to", "3"),
        ("reply_to", 3.0),
        ("reply_to", True),
        ("reply_to", -1),
        ("reply_to", 2**53),
        ("mentions", "M-1"),
        ("mentions", {"M-1": 1}),
        ("client_op_id", 12345678),
    ],
)
def test_one_type_is_never_taken_for_another(field: str, value: Any) -> None:
    assert refused(SendParams, SEND | {field: value}) == [field]


def test_what_came_in_cannot_be_changed_afterwards() -> None:
    params = SendParams.model_validate(SEND)
    with pytest.raises(ValidationError):
        params.text = "another"  # type: ignore[misc]  # that is the point


@pytest.mark.parametrize("length", [1, 3999, 4000])
def test_a_text_may_have_four_thousand_characters(length: int) -> None:
    assert len(SendParams.model_validate(SEND | {"text": "好" * length}).text) == length


@pytest.mark.parametrize("text", ["好" * 4001, "", "e\u0301" * 4001, "a" * 8001])
def test_and_not_one_more(text: str) -> None:
    assert refused(SendParams, SEND | {"text": text}) == ["text"]


def test_what_counts_is_the_length_in_normal_form() -> None:
    decomposed = "e\u0301" * 4000
    assert len(decomposed) == 8000
    assert len(SendParams.model_validate(SEND | {"text": decomposed}).text) == 4000


@pytest.mark.parametrize(("mentions", "fits"), [(50, True), (51, False)])
def test_how_many_people_one_message_may_mention(mentions: int, fits: bool) -> None:
    values = SEND | {"mentions": [f"M-{place}" for place in range(mentions)]}
    if fits:
        assert len(SendParams.model_validate(values).mentions) == mentions
    else:
        assert refused(SendParams, values) == ["mentions"]


@pytest.mark.parametrize("ref", ["", "M-", "M-abc", "A-1", "M-1\n", "M-" + "1" * 33, "M-１"])
def test_a_reference_has_one_form(ref: str) -> None:
    assert refused(SendParams, SEND | {"mentions": [ref]}) == ["mentions.0"]


@pytest.mark.parametrize(
    "op_id", ["12345678", "a" * 64, "2f1c.A_b:c-d", "0e9a4c1e-7d4a-4b57-9c1b-0b0f0f0f0f0f"]
)
def test_a_client_op_id_may_be_a_uuid_or_anything_like_it(op_id: str) -> None:
    assert SendParams.model_validate(SEND | {"client_op_id": op_id}).client_op_id == op_id


@pytest.mark.parametrize(
    "op_id", ["", "1234567", "a" * 65, "with blank", "12345678\n", "ééééééééé", "a/b/c/d/e"]
)
def test_a_client_op_id_is_short_and_plain(op_id: str) -> None:
    assert refused(SendParams, SEND | {"client_op_id": op_id}) == ["client_op_id"]


@pytest.mark.parametrize("name", ["茶馆", "老友·茶", "ᠨᠠᠷ᠎ᠠ", "x" * 40])
def test_a_group_is_called_what_people_call_it(name: str) -> None:
    assert CreateGroupParams.model_validate(CREATE | {"name": name}).name == name


@pytest.mark.parametrize("name", ["", " ", "\u200b", "x" * 41, "x\u0000", "[群主]", "a\u202eb"])
def test_but_not_by_nothing_and_not_by_a_label(name: str) -> None:
    assert refused(CreateGroupParams, CREATE | {"name": name}) == ["name"]


def test_an_introduction_may_be_empty_and_may_have_lines() -> None:
    assert CreateGroupParams.model_validate(CREATE).introduction == ""
    assert CreateGroupParams.model_validate(CREATE | {"introduction": "a\r\nb"}).introduction == "a\nb"
    assert refused(CreateGroupParams, CREATE | {"introduction": "x" * 301}) == ["introduction"]


@pytest.mark.clause("INV-09")
@pytest.mark.parametrize("category", ["ethnic", "religion", "Hobby", "", "other "])
def test_a_group_has_a_category_from_the_closed_list(category: str) -> None:
    """INV-09: categories say what people do together, and there is no category for who they are."""
    assert refused(CreateGroupParams, CREATE | {"category": category}) == ["category"]


def test_a_mistyped_group_id_is_told_apart_from_a_wrong_type() -> None:
    with pytest.raises(ValidationError) as refusal:
        JoinGroupParams.model_validate({"group": "G-0000000001", "client_op_id": OP})
    assert [error["type"] for error in refusal.value.errors()] == ["group_id_mistyped"]


# --- who logs in --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "ways", [{"token": "t" * 43}, {"handle": "ann", "password": "correct horse"}], ids=["token", "password"]
)
def test_there_are_two_ways_in(ways: dict[str, Any]) -> None:
    assert OpenParams.model_validate({"client": CLIENT} | ways).protocol == 1


@pytest.mark.parametrize(
    "ways",
    [
        {},
        {"handle": "ann"},
        {"password": "correct horse"},
        {"token": "t" * 43, "handle": "ann", "password": "correct horse"},
        {"token": "t" * 43, "handle": "ann"},
        {"token": "t" * 43, "password": "correct horse"},
    ],
    ids=lambda ways: "+".join(ways) or "nothing",
)
def test_and_one_at_a_time(ways: dict[str, Any]) -> None:
    assert refused(OpenParams, {"client": CLIENT} | ways) == [""]


@pytest.mark.parametrize(
    "stream", ["group:" + GROUP, "account:A-1", "connection:A-1", "group:", "group:G-1 ", "groups:G-1", "*"]
)
def test_cursors_name_streams(stream: str) -> None:
    values = OPEN | {"cursors": {stream: 3}}
    if stream in {"group:" + GROUP, "account:A-1"}:
        assert OpenParams.model_validate(values).cursors == {stream: 3}
    else:
        assert refused(OpenParams, values) == [f"cursors.{stream}.[key]"]


@pytest.mark.clause("INV-01")
@pytest.mark.parametrize(
    ("model", "values", "secrets"),
    [
        (OpenParams, OPEN, ["t" * 43]),
        (OpenParams, {"handle": "ann", "password": "correct horse", "client": CLIENT}, ["correct horse"]),
        (VerifyParams, VERIFY | {"phone": "10000001234"}, ["测试甲", "000000199001010018", "10000001234"]),
    ],
)
def test_what_is_secret_does_not_show_when_printed(
    model: type[Any], values: dict[str, Any], secrets: list[str]
) -> None:
    """INV-01: a printed object ends in logs; secrets are not printed, and refusals do not repeat them."""
    printed = repr(model.model_validate(values))
    with pytest.raises(ValidationError) as refusal:
        model.model_validate(values | {"client_op_id": 1, "colour": values})
    for secret in secrets:
        assert secret not in printed
        assert secret not in str(refusal.value)


@pytest.mark.parametrize("password", ["", "1234567", "x" * 257])
def test_a_password_is_long_enough_and_not_a_novel(password: str) -> None:
    values = {
        "handle": "ann",
        "password": password,
        "agreement": {"version": "2026-11", "locale": "en", "sha256": "0" * 64},
        "client": CLIENT,
        "client_op_id": OP,
    }
    assert refused(RegisterParams, values) == ["password"]


def test_history_goes_one_way_at_a_time() -> None:
    assert HistoryParams.model_validate({"group": GROUP, "before": 9}).limit == 50
    assert refused(HistoryParams, {"group": GROUP, "before": 9, "after": 1}) == [""]
    assert refused(HistoryParams, {"group": GROUP, "limit": 0}) == ["limit"]
    assert refused(HistoryParams, {"group": GROUP, "limit": 501}) == ["limit"]


@pytest.mark.clause("SA-05.3g")
@pytest.mark.parametrize("name", ["", "x" * 33, "qunzu\n", "电脑", "a/b"])
def test_a_client_names_its_kind_in_a_few_plain_letters(name: str) -> None:
    """SA-05.3g: what a client says of itself is a coarse class; a serial number does not fit in."""
    assert refused(OpenParams, OPEN | {"client": CLIENT | {"name": name}}) == ["client.name"]


def test_a_client_may_keep_its_platform_to_itself() -> None:
    client = OpenParams.model_validate(OPEN | {"client": {"name": "script", "version": "1"}}).client
    assert (client.platform, client.architecture) == ("unknown", "unknown")


# --- what goes out --------------------------------------------------------------------------------------


def test_moments_are_utc_with_milliseconds_and_z() -> None:
    at = datetime(2026, 3, 2, 8, 0, 0, 1999, tzinfo=UTC)
    shown = SessionView(session=SessionId("S-1"), client="x", opened_at=at)
    assert '"opened_at":"2026-03-02T08:00:00.001Z"' in shown.model_dump_json()
    back = SessionView.model_validate_json(shown.model_dump_json())
    assert back.opened_at == at.replace(microsecond=1000)
    assert back.opened_at.tzinfo is not None
    elsewhere = at.astimezone(timezone(timedelta(hours=8)))
    assert (
        "+08:00" in SessionView(session=SessionId("S-1"), client="x", opened_at=elsewhere).model_dump_json()
    )


def test_a_client_does_not_stumble_over_what_a_newer_server_adds() -> None:
    values = {
        "seq": 1,
        "ref": "M-1",
        "nickname": "ann",
        "role": "owner",
        "at": "2026-03-02T08:00:00.000Z",
        "text": None,
        "reactions": {"👍": 3},
    }
    assert Message.model_validate(values).recalled is False


def test_streams_are_named_after_what_they_are_about() -> None:
    assert group_stream(GROUP) == f"group:{GROUP}"
    assert account_stream(AccountId("A-1")) == "account:A-1"


def test_a_message_is_frozen() -> None:
    at = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
    message = Message(seq=Seq(1), ref=MemberRef("M-1"), nickname="a", role="owner", at=at, text="x")
    with pytest.raises(ValidationError):
        message.text = "y"  # type: ignore[misc]  # that is the point
