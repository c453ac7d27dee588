"""Messages: sending, reading back, taking back. A message is named by its group and its seq."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from policies.model import ClauseId
from server.wire.models import Message
from server.wire.verb import Effect, Scope, Verb
from server.wire.vocabulary import (
    ClientOpId,
    GroupIdField,
    MemberRefField,
    MessageText,
    Moment,
    Params,
    Seq,
    SeqField,
    WireModel,
)


class SendParams(Params):
    group: GroupIdField
    text: MessageText
    reply_to: SeqField | None = None
    mentions: list[MemberRefField] = Field(default=[], max_length=50)
    client_op_id: ClientOpId


class Sent(WireModel):
    event_seq: Seq
    """Also the message's name in its group."""
    at: Moment


class HistoryParams(Params):
    """The page before ``before`` or after ``after``; neither means the newest page. Oldest first."""

    group: GroupIdField
    before: SeqField | None = None
    after: SeqField | None = None
    limit: Annotated[int, Field(ge=1, le=500)] = 50

    @model_validator(mode="after")
    def _one_direction(self) -> HistoryParams:
        if self.before is not None and self.after is not None:
            raise ValueError("give before or after, not both")
        return self


class HistoryPage(WireModel):
    messages: list[Message]
    more: bool
    """Whether there is more in the direction asked for."""


class RecallParams(Params):
    group: GroupIdField
    message: SeqField
    client_op_id: ClientOpId


class Recalled(WireModel):
    event_seq: Seq


class MarkReadParams(Params):
    group: GroupIdField
    seq: SeqField
    client_op_id: ClientOpId


class MarkedRead(WireModel):
    read_seq: Seq
    """Where the marker is now: it never moves back."""


class TypingParams(Params):
    group: GroupIdField


class TypingShown(WireModel):
    pass


SEND = Verb(
    name="message.send",
    params=SendParams,
    result=Sent,
    scope=Scope.MEMBER,
    effect=Effect.WRITES,
    identified="publish",
    rate="post",
    operation="publish",
    clauses=(ClauseId("CG-06.3"), ClauseId("SA-05.3")),
    summary="Post a message to a group. The answer comes after it is on disk.",
)

HISTORY = Verb(
    name="message.history",
    params=HistoryParams,
    result=HistoryPage,
    scope=Scope.MEMBER,
    effect=Effect.READS,
    identified="read_groups",
    rate="read",
    operation=None,
    clauses=(ClauseId("CG-08.8"),),
    summary="Read a page of messages, backwards or forwards.",
)

RECALL = Verb(
    name="message.recall",
    params=RecallParams,
    result=Recalled,
    scope=Scope.MEMBER,
    effect=Effect.WRITES,
    identified=None,
    rate="write",
    operation="recall",
    clauses=(ClauseId("SA-05.3"),),
    summary="Take back one's own recent message: the content goes, the fact stays.",
)

MARK_READ = Verb(
    name="message.mark_read",
    params=MarkReadParams,
    result=MarkedRead,
    scope=Scope.MEMBER,
    effect=Effect.WRITES,
    identified="read_groups",
    rate="write",
    operation=None,
    clauses=(),
    summary="Say how far one has read; one's other devices follow.",
)

TYPING = Verb(
    name="message.typing",
    params=TypingParams,
    result=TypingShown,
    scope=Scope.MEMBER,
    effect=Effect.OWN,
    identified="publish",
    rate="typing",
    operation=None,
    clauses=(),
    summary="Show the group that one is writing. Kept nowhere.",
)
