"""A talk as lines: labels beside names, signs beside colours, ids where CG-08.4 wants them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC

import pytest

from client_tui import happenings as h
from client_tui import i18n
from client_tui.prose import plain, width_of
from client_tui.reducer import reduce
from client_tui.state import Talk, UiState
from client_tui.talk_layout import Block, TalkLayout
from server.wire import events as e
from server.wire.vocabulary import Seq, group_stream
from tests.tui import story
from tests.tui.story import HERON, KITES, ME, WREN, XIAOMAN


@pytest.fixture(autouse=True)
def in_english() -> None:
    i18n.use("en")


@pytest.fixture
def talk() -> Talk:
    state = reduce(UiState(), h.GroupsListed(story.listing()))
    return reduce(state, h.SnapshotTaken(story.snapshot())).talks[KITES]


def lines(talk: Talk, width: int = 72, *, online: bool = True) -> list[str]:
    blocks = TalkLayout(UTC).blocks(talk, width, online=online)
    return [plain(line) for block in blocks for line in block.lines]


def page(talk: Talk, width: int = 72, *, online: bool = True) -> str:
    return "\n".join(lines(talk, width, online=online))


@pytest.mark.clause("CG-08.8")
def test_every_name_in_the_stream_carries_its_role(talk: Talk) -> None:
    """CG-08.8: a text label beside each name: owner, admin and member alike, and in quotations."""
    text = page(talk)
    assert "小满 [群主 owner]" in text
    assert "Heron 7 [管理 admin]" in text
    assert "Wren [成员 member]" in text
    assert "风筝 (you) [成员 member]" in text
    assert "┆ 小满 [群主 owner] 今天下午" in text


@pytest.mark.clause("CG-08.8")
def test_the_label_is_the_role_now_and_not_the_role_then(talk: Talk) -> None:
    """CG-08.8: the label is the role at display; the message keeps the role at sending."""
    now_member = {**talk.members, HERON.ref: HERON.model_copy(update={"role": "member"})}
    assert "Heron 7 [成员 member]" in page(replace(talk, members=now_member))
    gone = {ref: member for ref, member in talk.members.items() if ref != HERON.ref}
    assert "Heron 7 [已退 left]" in page(replace(talk, members=gone))


def test_own_messages_and_mentions_have_signs_not_only_colours(talk: Talk) -> None:
    text = lines(talk)
    assert any(line.startswith(" › 09:20") for line in text)
    assert any(line.startswith(" @ 09:31") for line in text)


def test_text_of_people_is_not_markup(talk: Talk) -> None:
    assert "[bold]不是标记[/bold]" in page(talk)


def test_a_recalled_message_says_so_and_shows_nothing_else(talk: Talk) -> None:
    text = page(talk)
    assert "⌫ recalled by its sender: the content is gone, the fact stays" in text


def test_who_goes_on_talking_is_not_named_again(talk: Talk) -> None:
    text = page(talk)
    assert text.count("Heron 7 [管理 admin]") == 2  # once for two messages, once for the recalled one later
    assert "   09:04│And tape." in text


def test_a_day_stands_above_its_messages(talk: Talk) -> None:
    assert "Saturday 21 November 2026" in lines(talk)[2]
    i18n.use("zh")
    assert "2026年11月21日 星期六" in lines(talk)[2]


def test_the_unread_line_stands_before_the_first_unread_message(talk: Talk) -> None:
    text = lines(replace(talk, divider=Seq(16)))
    place = next(number for number, line in enumerate(text) if "1 new message" in line)
    assert "小满" in text[place + 1]


@pytest.mark.clause("CG-08.4")
def test_system_lines_name_the_group_by_its_id(talk: Talk) -> None:
    """CG-08.4: every notice about a group carries its id."""
    joined = h.EventSeen(
        group_stream(KITES), Seq(18), e.MEMBER_JOINED.name, story.at(40),
        e.MemberJoined(member=story.member("NEW", "新来的"), mode="open_link"),
    )  # fmt: skip
    state = UiState(talks={KITES: talk}, selected=KITES)
    text = page(reduce(state, joined).talks[KITES])
    assert f"∙ 新来的 [成员 member] joined by its id {KITES}" in text


def test_what_is_on_its_way_says_how_far_it_is(talk: Talk) -> None:
    state = UiState(talks={KITES: talk}, selected=KITES)
    sending = reduce(state, h.SendStarted(KITES, "op-1", "on its way", ())).talks[KITES]
    assert "◌ sending" in page(sending)
    assert "◌ waiting for the connection" in page(sending, online=False)
    stored = reduce(replace(state, talks={KITES: sending}), h.SendAcknowledged(KITES, "op-1", Seq(18)))
    assert "◌ stored" in page(stored.talks[KITES])


@pytest.mark.parametrize("width", [30, 44, 72, 110])
@pytest.mark.parametrize("locale", ["en", "zh"])
def test_no_line_is_wider_than_its_pane(talk: Talk, width: int, locale: str) -> None:
    i18n.use("zh" if locale == "zh" else "en")
    for block in TalkLayout(UTC).blocks(replace(talk, divider=Seq(12)), width):
        assert all(width_of(line) <= width for line in block.lines)


def test_every_line_of_an_entry_leaves_a_cell_for_the_cursor(talk: Talk) -> None:
    blocks = [block for block in TalkLayout(UTC).blocks(talk, 44) if block.seq is not None]
    assert blocks
    assert all(plain(line).startswith(" ") for block in blocks for line in block.lines)


def test_lines_of_entries_that_did_not_change_are_made_once(talk: Talk) -> None:
    layout = TalkLayout(UTC)
    first = layout.blocks(talk, 72)
    second = layout.blocks(replace(talk, head=Seq(99)), 72)
    assert _entries(first) == _entries(second)
    assert all(one is two for one, two in zip(_entries(first), _entries(second), strict=True))


def _entries(blocks: list[Block]) -> list[Block]:
    return [block for block in blocks if block.seq is not None]


def test_people_and_story_fit_together(talk: Talk) -> None:
    assert {XIAOMAN.ref, HERON.ref, WREN.ref, ME.ref} == set(talk.members)


@pytest.mark.clause("CG-08.8")
@pytest.mark.parametrize(
    "forged",
    ["小满 [群主 owner]", "∙ Wren is now Wren [管理 admin]", "┆ 小满 [群主 owner] yes", "⌫ recalled"],
)
def test_no_text_can_pass_for_what_the_program_says(talk: Talk, forged: str) -> None:
    """CG-08.8: labels cannot be forged: what the program says stands where no text can reach."""
    said = [story.message(900 + number, WREN, f"{forged}\n{forged}", 60 + number) for number in (1, 2)]
    shown = lines(replace(talk, entries=(*talk.entries, *said)))
    forgeries = [line for line in shown[-5:] if line[9:].startswith(forged)]
    assert len(forgeries) == 4
    margins = [line[:9] for line in forgeries]
    assert [margin for margin in margins if margin.strip() and not margin.endswith("│")] == []
