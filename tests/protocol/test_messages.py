"""Messages: sent in any script, answered to, mentioned in, taken back, read back, marked as read."""

from __future__ import annotations

import unicodedata

import pytest

from tests.fakes import FakeClock
from tests.protocol.conftest import Folk
from tests.protocol.wire import Wire, fresh_op

FAMILY = "👨‍👩‍👧‍👦"


@pytest.fixture
async def pair(folk: Folk) -> tuple[Wire, Wire, str]:
    """Ann, the owner, and Bob, and the group they share."""
    ann, bob = await folk("ann", "bob")
    group = await ann.founds()
    await bob.joins(group)
    return ann, bob, group


Pair = tuple[Wire, Wire, str]


@pytest.mark.parametrize(
    "text",
    [
        "好茶",
        "ياخشىمۇسىز",
        "བཀྲ་ཤིས་བདེ་ལེགས།",
        "ᠰᠠᠢᠨ ᠤᠤ",
        "Сәлем",
        "नमस्ते",
        FAMILY,
        "a\nb\tc",
        '"\\/',
        "𝔘𐍈",
        "\ue000",
    ],
)
async def test_every_script_arrives_as_it_was_sent(pair: Pair, text: str) -> None:
    """In the answer to history, live, and in a replay: letter for letter."""
    ann, bob, group = pair
    await ann.says(group, text)
    posted = await bob.event("message.posted")
    assert posted["data"]["text"] == text
    assert [message["text"] for message in await bob.history(group)] == [text]


async def test_text_is_kept_in_one_normal_form_without_what_turns_the_page_around(pair: Pair) -> None:
    """Composed letters, one kind of line end, no override of direction, every direction run closed."""
    ann, bob, group = pair
    await ann.says(group, "e\u0301\r\nx\u202ey\u2067z")
    (message,) = await bob.history(group)
    assert message["text"] == "é\nxy\u2067z\u2069"
    assert unicodedata.is_normalized("NFC", message["text"])


@pytest.mark.parametrize("text", ["", " \n", "\u200b\u200d", "a\u0000", "\u001b[2J", "\ufffe", "x" * 4001])
async def test_text_that_shows_nothing_or_steers_the_screen_is_refused(pair: Pair, text: str) -> None:
    """One to four thousand characters with something to see in them; the refusal names the field."""
    ann, bob, group = pair
    refusal = await ann.refused("message.send", group=group, text=text)
    assert (refusal.code, refusal.data["fields"][0]["at"]) == (-32602, "text")
    assert await bob.history(group) == []


async def test_four_thousand_characters_fit_in_whatever_script(pair: Pair) -> None:
    """Characters count, not bytes, and they count in normal form."""
    ann, bob, group = pair
    for letter in ("x", "茶", "𐍈"):
        await ann.says(group, letter * 4000)
    await ann.says(group, "e\u0301" * 4000)
    assert [len(message["text"]) for message in await bob.history(group)] == [4000] * 4


async def test_an_answer_says_to_what(pair: Pair) -> None:
    """A reply names a place in the same group that exists already."""
    ann, bob, group = pair
    first = await ann.says(group, "tea?")
    await bob.says(group, "yes", reply_to=first)
    assert (await ann.history(group))[1]["reply_to"] == first
    for nowhere in (first + 2, 2**53 - 1):
        assert (await bob.refused("message.send", group=group, text="x", reply_to=nowhere)).code == 1404


async def test_only_members_can_be_mentioned(pair: Pair, folk: Folk) -> None:
    """A reference of another group, or of somebody who left, means nobody here."""
    ann, bob, group = pair
    (cyn,) = await folk("cyn")
    other = await cyn.founds()
    stranger = (await cyn.call("group.members", group=other))["members"][0]["ref"]
    mine = [member["ref"] for member in (await ann.call("group.members", group=group))["members"]]
    await ann.says(group, "all of you", mentions=mine)
    assert (await bob.event("message.posted"))["data"]["mentions"] == mine
    refusal = await ann.refused("message.send", group=group, text="you", mentions=[mine[0], stranger])
    assert (refusal.code, refusal.type, refusal.data["members"]) == (1404, "member_not_found", [stranger])
    await bob.call("group.leave", group=group)
    assert (await ann.refused("message.send", group=group, text="you", mentions=[mine[1]])).code == 1404


@pytest.mark.parametrize(
    ("seconds", "type"), [(119, None), (120, "recall_window_closed"), (121, "recall_window_closed")]
)
async def test_taking_back_is_possible_for_two_minutes(
    pair: Pair, clock: FakeClock, seconds: int, type: str | None
) -> None:
    """Content gone, fact kept; when the two minutes are over it is too late."""
    ann, bob, group = pair
    seq = await ann.says(group, "oops", mentions=[(await _refs(bob, group))[1]])
    clock.advance(seconds=seconds)
    if type is None:
        await ann.call("message.recall", group=group, message=seq)
        await bob.event("message.recalled", seq=seq)
        (message,) = await bob.history(group)
        assert (message["text"], message["mentions"], message["recalled"]) == (None, [], True)
        assert (message["seq"], message["nickname"]) == (seq, "ann")
    else:
        refusal = await ann.refused("message.recall", group=group, message=seq)
        assert (refusal.code, refusal.type) == (1403, type)
        assert refusal.data["policy"] == {"messages.recall_seconds": 120}
        assert (await bob.history(group))[0]["text"] == "oops"


async def test_one_takes_back_only_ones_own_and_only_once(pair: Pair) -> None:
    """Not even the owner takes back what others said; and what is no message cannot be taken back."""
    ann, bob, group = pair
    seq = await bob.says(group, "mine")
    assert (await ann.refused("message.recall", group=group, message=seq)).type == "role"
    op = fresh_op()
    first = await bob.call("message.recall", group=group, message=seq, client_op_id=op)
    again = await bob.call("message.recall", group=group, message=seq, client_op_id=op)
    assert again == first | {"replayed": True}
    for gone in (seq, 1, 99):
        assert (await bob.refused("message.recall", group=group, message=gone)).type == "message_not_found"


async def test_history_is_read_in_pages_both_ways(pair: Pair) -> None:
    """Oldest first on every page; before and after exclude the place they name; more: whether to go on."""
    ann, bob, group = pair
    seqs = [await ann.says(group, str(number)) for number in range(12)]
    newest = await bob.call("message.history", group=group, limit=5)
    assert ([message["seq"] for message in newest["messages"]], newest["more"]) == (seqs[7:], True)
    older = await bob.call("message.history", group=group, limit=7, before=seqs[7])
    assert ([message["seq"] for message in older["messages"]], older["more"]) == (seqs[:7], False)
    newer = await bob.call("message.history", group=group, limit=5, after=seqs[3])
    assert ([message["seq"] for message in newer["messages"]], newer["more"]) == (seqs[4:9], True)
    last = await bob.call("message.history", group=group, limit=5, after=seqs[8])
    assert ([message["seq"] for message in last["messages"]], last["more"]) == (seqs[9:], False)
    assert (await bob.refused("message.history", group=group, before=9, after=3)).type == "invalid_params"


async def test_a_page_of_history_has_an_end_whatever_is_asked_for(pair: Pair) -> None:
    """The policy's hundred is the most; asking for more gives a hundred and says that there is more."""
    ann, _, group = pair
    ids = [await ann.post("message.send", group=group, text=str(number)) for number in range(101)]
    for id_ in ids:
        await ann.answer(id_)
    page = await ann.call("message.history", group=group, limit=500)
    assert (len(page["messages"]), page["more"]) == (100, True)


async def test_a_read_marker_never_moves_back_and_ones_own_devices_follow(pair: Pair, folk: Folk) -> None:
    """The slowest device cannot unread what another one read; nobody else hears of it."""
    ann, bob, group = pair
    phone = await folk.device("bob")
    seqs = [await ann.says(group, str(number)) for number in range(4)]
    marked = await bob.call("message.mark_read", group=group, seq=seqs[2])
    assert marked == {"read_seq": seqs[2]}
    moved = await phone.event("read.advanced")
    assert moved["data"] == {"group": group, "seq": seqs[2]}
    assert await phone.call("message.mark_read", group=group, seq=seqs[0]) == {"read_seq": seqs[2]}
    assert await phone.call("message.mark_read", group=group, seq=10**9) == {"read_seq": seqs[3]}
    await ann.settled()
    await bob.settled()
    assert len(bob.heard("read.advanced")) == 2
    assert not any("read" in event["type"] for event in ann.events)


async def test_unread_counts_what_others_said_after_the_marker(pair: Pair) -> None:
    """One's own messages are not unread, nor is what is no message; reading brings it to zero."""
    ann, bob, group = pair

    async def unread(who: Wire) -> int:
        count: int = (await who.call("group.list"))["groups"][0]["unread"]
        return count

    assert (await unread(ann), await unread(bob)) == (0, 0)
    await ann.says(group, "one")
    seq = await ann.says(group, "two")
    await bob.call("group.set_nickname", group=group, nickname="b")
    assert (await unread(ann), await unread(bob)) == (0, 2)
    await bob.call("message.mark_read", group=group, seq=seq - 1)
    assert await unread(bob) == 1
    await bob.call("message.mark_read", group=group, seq=seq)
    assert await unread(bob) == 0


async def test_typing_is_seen_now_and_kept_nowhere(pair: Pair, folk: Folk) -> None:
    """An event without a place: not in the stream's numbering, not in a replay."""
    ann, bob, group = pair
    stream = f"group:{group}"
    await ann.call("message.typing", group=group)
    typing = await bob.event("member.typing")
    assert "seq" not in typing
    assert typing["data"] == {"ref": (await _refs(bob, group))[0]}
    assert await ann.says(group, "there") == bob.seqs(stream)[0] + 1
    back = await folk.again(bob, cursors={stream: 0})
    assert back.heard("member.typing") == []
    assert back.seqs(stream) == [1, 2, 3, 4]


async def test_sending_again_with_the_same_op_id_is_one_message_even_after_a_day(
    pair: Pair, clock: FakeClock
) -> None:
    """The first answer comes back, marked as replayed; other content under the same id is a mismatch."""
    ann, bob, group = pair
    op = fresh_op()
    first = await ann.call("message.send", group=group, text="once", client_op_id=op)
    clock.advance(days=1)
    assert await ann.call("message.send", group=group, text="once", client_op_id=op) == first | {
        "replayed": True
    }
    other = await ann.refused("message.send", group=group, text="twice", client_op_id=op)
    assert (other.code, other.type) == (1409, "idempotency_mismatch")
    assert (await bob.call("message.send", group=group, text="once", client_op_id=op)).get("replayed") is None
    assert len(await ann.history(group)) == 2


async def _refs(wire: Wire, group: str) -> list[str]:
    return [member["ref"] for member in (await wire.call("group.members", group=group))["members"]]
