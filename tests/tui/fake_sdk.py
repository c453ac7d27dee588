"""An SDK without a server: it answers from a story, and records what it was asked. As small as the port."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any, cast

from client_tui.labels import SHIPPED_LABELS
from client_tui.sdk import CallError, ClientState, EventMessage, Replica
from server.wire import events as e
from server.wire.errors import type_names
from server.wire.group_id import GroupId
from server.wire.models import AccountSnapshot, GroupSnapshot, Message
from server.wire.verb import P, R, Verb
from server.wire.verbs import account, group, identity, rules, server
from server.wire.verbs import message as message_verbs
from server.wire.verbs import session as session_verbs
from server.wire.vocabulary import (
    ClientClass,
    Seq,
    StreamName,
    WireModel,
    account_stream,
    group_stream,
)
from tests.tui import story

Answer = Callable[[Any], WireModel]


def refusal(type_: str, **data: Any) -> CallError:
    """The error that the server gives for this type."""
    family = type_names[type_]
    body = family(type_, **data).body()
    return CallError(body["code"], body["message"], body["data"])


class FakeSdk:
    """``answers`` by verb name may be replaced; a verb named in ``held`` answers only after ``release``."""

    def __init__(self, *, logged_in: bool = True, verified: bool = True) -> None:
        self.client_class = ClientClass(name="qunzu-tui", version="0.1.0")
        self.state: ClientState = "anonymous"
        self.session: session_verbs.SessionOpenedResult | None = None
        self.replica = Replica()
        self.retry_in_s: float | None = None
        self.ended: Exception | None = None
        self.calls: list[tuple[str, Any]] = []
        self.held: dict[str, asyncio.Event] = {}
        self.listing = story.listing()
        self.verified = verified
        self.answers: dict[str, Answer] = {
            name.removeprefix("_on_").replace("__", "."): getattr(self, name)
            for name in dir(self)
            if name.startswith("_on_")
        }
        self._events: asyncio.Queue[EventMessage | None] = asyncio.Queue()
        self._listeners: list[Callable[[ClientState], object]] = []
        self._ops = 0
        self.heads: dict[StreamName, int] = {
            group_stream(story.KITES): 17,
            group_stream(story.TEA): 5,
            account_stream(story.account().account): 9,
        }
        if logged_in:
            self._log_in()

    def dial(self, _token: str | None) -> AbstractAsyncContextManager[FakeSdk]:
        return nullcontext(self)

    # --- the port ----------------------------------------------------------------------------------------

    def op_id(self) -> str:
        self._ops += 1
        return f"operation-{self._ops}"

    async def call(self, verb: Verb[P, R], params: P) -> R:
        self.calls.append((verb.name, params))
        if verb.name in self.held:
            await self.held[verb.name].wait()
        await asyncio.sleep(0)
        return cast(R, self.answers[verb.name](params))

    async def open(
        self, *, token: str | None = None, handle: str | None = None, password: str | None = None
    ) -> session_verbs.SessionOpenedResult:
        self.calls.append(("session.open", {"handle": handle, "password": password}))
        await asyncio.sleep(0)
        if password == "wrong password":
            raise refusal("bad_credentials")
        self._log_in()
        assert self.session is not None
        return self.session

    async def events(self) -> AsyncIterator[EventMessage]:
        while (event := await self._events.get()) is not None:
            yield event

    def on_state(self, callback: Callable[[ClientState], object]) -> Callable[[], None]:
        self._listeners.append(callback)
        return lambda: self._listeners.remove(callback)

    # --- what a test makes happen --------------------------------------------------------------------------

    def hold(self, verb: str) -> None:
        self.held[verb] = asyncio.Event()

    def release(self, verb: str) -> None:
        self.held.pop(verb).set()

    def become(self, state: ClientState, *, retry_in_s: float | None = None) -> None:
        self.state, self.retry_in_s = state, retry_in_s
        for listener in list(self._listeners):
            listener(state)

    def end(self, why: Exception) -> None:
        self.ended = why
        self._events.put_nowait(None)

    def happen(
        self, stream: StreamName, kind: e.EventType[Any], data: WireModel, cause: str | None = None
    ) -> Seq | None:
        """An event of this stream, with the next seq if it is durable."""
        seq: Seq | None = None
        if kind.durable:
            seq = Seq(self.heads.get(stream, 0) + 1)
            self.heads[stream] = seq
        if isinstance(data, Message) and seq is not None:
            data = data.model_copy(update={"seq": seq})
        event = EventMessage(stream, seq, kind.name, story.at(40), data, cause)
        if seq is not None:
            self.replica.apply(event)
        self._events.put_nowait(event)
        return seq

    def say(self, who: Any, text: str, minutes: float = 40, **more: Any) -> Seq:
        seq = self.happen(
            group_stream(story.KITES), e.MESSAGE_POSTED, story.message(0, who, text, minutes, **more)
        )
        assert seq is not None
        return seq

    def asked(self, verb: str) -> list[Any]:
        return [params for name, params in self.calls if name == verb]

    # --- the story -----------------------------------------------------------------------------------------

    def _log_in(self) -> None:
        me = story.account(verified=self.verified)
        self.session = session_verbs.SessionOpenedResult(
            session=story.session_view(),
            token="t" * 32,
            account=me,
            protocol=1,
            limits=story.LIMITS,
            streams=[],
            server_time=story.at(40),
            policy="0" * 64,
            simulation=True,
        )
        groups = [story.snapshot(), story.tea_snapshot()] if self.listing.groups else []
        self._install(
            AccountSnapshot(
                as_of=Seq(9),
                account=me,
                memberships=story.memberships() if groups else [],
                sessions=[story.session_view()],
            )
        )
        for one in groups:
            self._install(one)
        self.become("online")

    def _install(self, snapshot: GroupSnapshot | AccountSnapshot) -> None:
        self.replica.install(snapshot)
        kind = "group" if isinstance(snapshot, GroupSnapshot) else "account"
        data = e.StreamSnapshot.model_validate(
            {"as_of": snapshot.as_of, "kind": kind, "snapshot": snapshot.model_dump()}
        )
        stream = (
            group_stream(snapshot.group.group)
            if isinstance(snapshot, GroupSnapshot)
            else account_stream(snapshot.account.account)
        )
        self._events.put_nowait(EventMessage(stream, None, e.STREAM_SNAPSHOT.name, story.at(40), data))

    def _on_rules__show(self, params: rules.ShowRulesParams) -> rules.RulesText:
        zh = params.locale == "zh"
        title = {"notice": "谁能看到什么" if zh else "Who can read what"}.get(
            params.document, params.document.capitalize()
        )
        line = (
            "这是用来测试的一段文字，**加粗**的部分要看得出来。"
            if zh
            else "A **paragraph** to be read in a test."
        )
        body = f"# {title}\n\n{line}\n\n" + "\n".join(f"- {number}. {line}" for number in range(1, 21))
        return rules.RulesText(
            document=params.document,
            locale=params.locale,
            version=params.version or "2026-11",
            date="2026-10-20",
            effective="2026-11-08",
            sha256="ab" * 32,
            title=title,
            body=body,
            versions=["2026-09", "2026-11"],
        )

    def _on_rules__compare(self, params: rules.CompareRulesParams) -> rules.RulesComparison:
        return rules.RulesComparison(
            document=params.document,
            locale=params.locale,
            from_version=params.from_version,
            to_version=params.to_version,
            diff="Rules\n | same\n-| gone\n+| new\n",
        )

    def _on_server__about(self, params: server.AboutParams) -> server.About:
        return server.About(
            name="Qunzu",
            version="0.1.0",
            protocol=1,
            simulation=True,
            policy="0" * 64,
            profile="test",
            limits=story.LIMITS,
            role_labels=dict(SHIPPED_LABELS),
            notice="# Who can read what\n\nThe server can read messages.",
            about="# About\n\nA simulation.",
            server_time=story.at(40),
        )

    def _on_account__register(self, params: account.RegisterParams) -> account.Registered:
        if params.handle == "taken":
            raise refusal("handle_taken")
        self.verified = False
        self.listing = group.GroupList(groups=[], joined_of=20, owned_of=3)
        return account.Registered(account=story.account(verified=False), event_seq=Seq(1))

    def _on_account__agreement(self, params: account.AgreementParams) -> account.AcceptedAgreement:
        return account.AcceptedAgreement(
            version="2026-11", locale="en", sha256="ab" * 32, at=story.at(0), consents=[]
        )

    def _on_account__accept_agreement(
        self, params: account.AcceptAgreementParams
    ) -> account.AgreementConcluded:
        return account.AgreementConcluded(event_seq=Seq(11))

    def _on_account__change_password(
        self, params: account.ChangePasswordParams
    ) -> account.PasswordChangedResult:
        return account.PasswordChangedResult(sessions_closed=1)

    def _on_identity__verify(self, params: identity.VerifyParams) -> identity.Verified:
        verification = story.account().verification
        assert verification is not None
        return identity.Verified(verification=verification, handle_resembles_name=False, event_seq=Seq(2))

    def _on_session__list(self, params: session_verbs.ListSessionsParams) -> session_verbs.Sessions:
        other = story.session_view(2, "qunzu-sdk 0.1.0 (linux x86_64)")
        return session_verbs.Sessions(
            sessions=[story.session_view(), other], current=story.session_view().session
        )

    def _on_session__revoke(self, params: session_verbs.RevokeParams) -> session_verbs.Revoked:
        return session_verbs.Revoked(event_seq=Seq(10))

    def _on_session__close(self, params: session_verbs.CloseParams) -> session_verbs.ClosedResult:
        self.session = None
        self.become("anonymous")
        return session_verbs.ClosedResult(reason="logout")

    def _on_group__list(self, params: group.ListGroupsParams) -> group.GroupList:
        return self.listing

    def _on_group__create(self, params: group.CreateGroupParams) -> group.GroupCreatedResult:
        view = story.group(story.TEA, params.name)
        return group.GroupCreatedResult(group=view, me=story.ME_AT_TEA, event_seq=Seq(1))

    def _on_group__join(self, params: group.JoinGroupParams) -> group.JoinedResult:
        return group.JoinedResult(
            group=story.group(GroupId(params.group), "New"), me=story.ME, event_seq=Seq(3)
        )

    def _on_group__leave(self, params: group.LeaveGroupParams) -> group.LeftResult:
        self.happen(
            account_stream(story.account().account),
            e.MEMBERSHIP_REMOVED,
            e.MembershipRemoved(group=GroupId(params.group), reason="left"),
        )
        return group.LeftResult(event_seq=Seq(18), closed=False)

    def _on_group__set_nickname(self, params: group.SetNicknameParams) -> group.NicknameSet:
        return group.NicknameSet(me=story.ME, event_seq=Seq(18))

    def _on_message__send(self, params: message_verbs.SendParams) -> message_verbs.Sent:
        stream = group_stream(GroupId(params.group))
        posted = story.message(0, story.ME, params.text, 41, reply_to=params.reply_to)
        posted = posted.model_copy(update={"mentions": list(params.mentions)})
        seq = self.happen(stream, e.MESSAGE_POSTED, posted, params.client_op_id)
        assert seq is not None
        return message_verbs.Sent(event_seq=seq, at=story.at(41))

    def _on_message__history(self, params: message_verbs.HistoryParams) -> message_verbs.HistoryPage:
        before = params.before or 100
        older = [
            story.message(seq, story.WREN, f"older message {seq}", -100 + seq)
            for seq in range(max(before - params.limit, 3), before)
        ]
        return message_verbs.HistoryPage(messages=older, more=bool(older) and older[0].seq > 3)

    def _on_message__recall(self, params: message_verbs.RecallParams) -> message_verbs.Recalled:
        seq = self.happen(
            group_stream(GroupId(params.group)),
            e.MESSAGE_RECALLED,
            e.MessageRecalled(seq=params.message, ref=story.ME.ref),
        )
        assert seq is not None
        return message_verbs.Recalled(event_seq=seq)

    def _on_message__mark_read(self, params: message_verbs.MarkReadParams) -> message_verbs.MarkedRead:
        return message_verbs.MarkedRead(read_seq=params.seq)

    def _on_message__typing(self, params: message_verbs.TypingParams) -> message_verbs.TypingShown:
        return message_verbs.TypingShown()
