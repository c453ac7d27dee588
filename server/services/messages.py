"""Sending, reading, recalling, marking read, typing."""

from __future__ import annotations

from policies.model import ClauseId
from server.domain import recall
from server.services.contexts import Owning, Reading, Writing
from server.services.handlers import owns, reads, writes
from server.storage import groups, messages
from server.wire.errors import Conflict, NotFound, TooMuch
from server.wire.events import (
    MEMBER_TYPING,
    MESSAGE_POSTED,
    MESSAGE_RECALLED,
    READ_ADVANCED,
    Event,
    MemberTyping,
    MessageRecalled,
    ReadAdvanced,
)
from server.wire.models import Message
from server.wire.verbs.message import (
    HISTORY,
    MARK_READ,
    RECALL,
    SEND,
    TYPING,
    HistoryPage,
    HistoryParams,
    MarkedRead,
    MarkReadParams,
    Recalled,
    RecallParams,
    SendParams,
    Sent,
    TypingParams,
    TypingShown,
)
from server.wire.vocabulary import Seq, account_stream, group_stream


@writes(SEND)
def send_message(ctx: Writing, params: SendParams) -> Sent:
    roster, me = ctx.place()
    most = ctx.policy.messages.text_max_chars
    if len(params.text) > most:
        raise TooMuch("too_large", policy={"messages.text_max_chars": most}, limit=most)
    if roster.group.status == "closed":
        raise Conflict("group_closed", clause=ClauseId("CG-08.4"))
    if strangers := set(params.mentions) - roster.refs:
        raise NotFound("member_not_found", members=sorted(strangers))
    stream = group_stream(params.group)
    seq = Seq(ctx.tx.head(stream) + 1)
    if params.reply_to is not None and not 0 < params.reply_to < seq:
        raise NotFound("message_not_found")
    message = Message(
        seq=seq,
        ref=me.ref,
        nickname=me.nickname,
        role=me.role,
        at=ctx.now,
        text=params.text,
        reply_to=params.reply_to,
        mentions=params.mentions,
    )
    messages.append_message(ctx.tx, params.group, ctx.account.account, message)
    return Sent(event_seq=ctx.tx.emit(stream, MESSAGE_POSTED, message), at=ctx.now)


@writes(RECALL)
def recall_message(ctx: Writing, params: RecallParams) -> Recalled:
    kept = messages.find_message(ctx.tx, params.group, params.message)
    if kept is None:
        raise NotFound("message_not_found")
    recall.check_may_recall(
        kept.sender, kept.sent_at, kept.recalled, ctx.account.account, ctx.now, ctx.policy
    )
    messages.erase_message(ctx.tx, params.group, params.message)
    gone = MessageRecalled(seq=params.message, ref=kept.ref)
    return Recalled(event_seq=ctx.tx.emit(group_stream(params.group), MESSAGE_RECALLED, gone))


@reads(HISTORY)
def page_of_history(ctx: Reading, params: HistoryParams) -> HistoryPage:
    limit = min(params.limit, ctx.policy.messages.history_page_max)
    found, more = messages.page(ctx.sql, params.group, before=params.before, after=params.after, limit=limit)
    return HistoryPage(messages=found, more=more)


@writes(MARK_READ)
def mark_read(ctx: Writing, params: MarkReadParams) -> MarkedRead:
    account = ctx.account.account
    now_at = groups.read_seq(ctx.tx, params.group, account)
    wanted = min(params.seq, ctx.tx.head(group_stream(params.group)))
    if wanted <= now_at:  # a marker never moves back: a slow device cannot unread what another one read
        return MarkedRead(read_seq=now_at)
    groups.set_read_seq(ctx.tx, params.group, account, Seq(wanted))
    ctx.tx.emit(account_stream(account), READ_ADVANCED, ReadAdvanced(group=params.group, seq=Seq(wanted)))
    return MarkedRead(read_seq=Seq(wanted))


@owns(TYPING)
async def show_typing(ctx: Owning, params: TypingParams) -> TypingShown:
    assert ctx.member is not None
    typing = MemberTyping(ref=ctx.member.ref)
    ctx.hub.show(Event(group_stream(params.group), None, MEMBER_TYPING.name, ctx.world.clock.now(), typing))
    return TypingShown()
