"""Carries what a person wants to the server, and what the server says to the store. Knows no screen.

With ``conversation``, which has the part about messages, the only place that calls the SDK. Whatever goes
wrong comes out as ``Unsuccessful``, with a refusal that can be put into words.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from math import ceil
from time import monotonic

from client_tui import happenings as h
from client_tui.asking import Unsuccessful, done, read, refusal_of
from client_tui.conversation import Conversation
from client_tui.labels import use_role_labels
from client_tui.port import Sdk
from client_tui.sdk import ClientState, EventMessage, EventsLost, SdkError
from client_tui.sdk.codec import snapshot_in
from client_tui.state import Link
from client_tui.store import Store
from policies.model import GroupCategory
from server.wire.events import AccountVerified, MembershipAdded, StreamSnapshot
from server.wire.group_id import GroupId
from server.wire.models import AccountSnapshot, GroupSnapshot
from server.wire.verbs import account, group, identity, rules, server, session
from server.wire.vocabulary import Document, Locale, Method, SessionId


class Courier:
    def __init__(self, sdk: Sdk, store: Store, clock: Callable[[], float] = monotonic) -> None:
        self.sdk = sdk
        self.store = store
        self.clock = clock
        self.talk = Conversation(sdk, store, clock)

    # --- from the server -------------------------------------------------------------------------------

    async def listen(self) -> None:
        """Bring everything to the store until the connection ends for good."""
        stop = self.sdk.on_state(self._link_changed)
        try:
            self._link_changed(self.sdk.state)
            await self._learn_labels()
            if self.sdk.session is not None:
                await self._settle()
            await self._pump()
        finally:
            stop()
        self._link_changed("offline")

    async def _pump(self) -> None:
        while True:
            try:
                async for event in self.sdk.events():
                    await self._happened(event)
                return
            except EventsLost:
                # The replica has seen them. What the screen missed it takes from there.
                for snapshot in self.sdk.replica.groups.values():
                    self._group_snapshot(snapshot)
            except SdkError:
                return  # `ended` says why

    async def _happened(self, event: EventMessage) -> None:
        if isinstance(event.data, StreamSnapshot):
            await self._snapshot(snapshot_in(event.data))
            return
        self.store.dispatch(
            h.EventSeen(
                event.stream, event.seq, event.type, event.at, event.data, event.cause, now_s=self.clock()
            )
        )
        if isinstance(event.data, MembershipAdded | AccountVerified):
            await self.refresh_groups()
            self._fill_from_replica()

    async def _snapshot(self, snapshot: GroupSnapshot | AccountSnapshot) -> None:
        if isinstance(snapshot, GroupSnapshot):
            self._group_snapshot(snapshot)
        else:
            self.store.dispatch(h.AccountKnown(snapshot.account))
            await self.refresh_groups()

    def _group_snapshot(self, snapshot: GroupSnapshot) -> None:
        known = self.sdk.replica.account
        mine = [one for one in known.memberships if one.group == snapshot.group.group] if known else []
        self.store.dispatch(h.SnapshotTaken(snapshot, mine[0].ref if mine else None))

    def _fill_from_replica(self) -> None:
        """A group seen from its first event needs no snapshot, and none comes: the replica has it already."""
        for talk in self.store.state.talks.values():
            snapshot = self.sdk.replica.groups.get(talk.id)
            if not talk.loaded and snapshot is not None:
                self._group_snapshot(snapshot)

    def _link_changed(self, state: ClientState) -> None:
        wait = self.sdk.retry_in_s
        ended = self.sdk.ended
        self.store.dispatch(
            h.LinkChanged(
                Link(
                    state,
                    None if wait is None else max(1, ceil(wait)),
                    None if ended is None else refusal_of(ended),
                )
            )
        )

    async def _learn_labels(self) -> None:
        with suppress(Unsuccessful):
            use_role_labels((await self.about("en")).role_labels)

    async def _settle(self) -> None:
        """What to know once logged in, besides what the streams tell."""
        opened = self.sdk.session
        if opened is None:
            return
        self.store.dispatch(h.LimitsKnown(opened.limits))
        self.store.dispatch(h.AccountKnown(opened.account))
        await self.refresh_groups()

    async def refresh_groups(self) -> None:
        """Names, unread counts and limits of one's groups. Without an answer the old list stays."""
        try:
            self.store.dispatch(
                h.GroupsListed(await read(self.sdk, group.LIST_GROUPS, group.ListGroupsParams()))
            )
        except Unsuccessful:
            return

    # --- documents -------------------------------------------------------------------------------------

    async def document(
        self, document: Document, locale: Locale, version: str | None = None
    ) -> rules.RulesText:
        params = rules.ShowRulesParams(document=document, locale=locale, version=version)
        return await read(self.sdk, rules.SHOW_RULES, params)

    async def compare(self, document: Document, locale: Locale, old: str, new: str) -> rules.RulesComparison:
        params = rules.CompareRulesParams(document=document, locale=locale, from_version=old, to_version=new)
        return await read(self.sdk, rules.COMPARE_RULES, params)

    async def about(self, locale: Locale) -> server.About:
        return await read(self.sdk, server.ABOUT, server.AboutParams(locale=locale))

    async def accepted_agreement(self) -> account.AcceptedAgreement:
        return await read(self.sdk, account.GET_AGREEMENT, account.AgreementParams())

    # --- one's account ---------------------------------------------------------------------------------

    async def register(
        self, handle: str, password: str, shown: rules.RulesText, consents: list[account.Consent]
    ) -> None:
        """Open an account under the text that was shown (CG-05.4), and log in to it."""
        await done(
            lambda: self.sdk.call(
                account.REGISTER,
                account.RegisterParams(
                    handle=handle,
                    password=password,
                    agreement=account.AgreementAcceptance(
                        version=shown.version, locale=shown.locale, sha256=shown.sha256
                    ),
                    consents=consents,
                    client=self.sdk.client_class,
                    client_op_id=self.sdk.op_id(),
                ),
            )
        )
        await self.log_in(handle, password)

    async def accept_agreement(self, shown: rules.RulesText, consents: list[account.Consent]) -> None:
        """Accept the text that was shown, with all consents that hold from now on (CG-05.4)."""
        await done(
            lambda: self.sdk.call(
                account.ACCEPT_AGREEMENT,
                account.AcceptAgreementParams(
                    agreement=account.AgreementAcceptance(
                        version=shown.version, locale=shown.locale, sha256=shown.sha256
                    ),
                    consents=consents,
                    client_op_id=self.sdk.op_id(),
                ),
            )
        )

    async def log_in(self, handle: str, password: str) -> None:
        await done(lambda: self.sdk.open(handle=handle, password=password))
        await self._settle()

    async def log_out(self) -> None:
        await done(lambda: self.sdk.call(session.CLOSE_SESSION, session.CloseParams()))
        self.store.dispatch(h.AccountKnown(None))

    async def verify(
        self,
        method: Method,
        document: identity.OtherDocument | None,
        legal_name: str,
        number: str,
        phone: str | None,
    ) -> identity.Verified:
        verified = await done(
            lambda: self.sdk.call(
                identity.VERIFY,
                identity.VerifyParams(
                    method=method,
                    document=document,
                    legal_name=legal_name,
                    number=number,
                    phone=phone,
                    client_op_id=self.sdk.op_id(),
                ),
            )
        )
        known = self.store.state.account
        if known is not None:
            self.store.dispatch(
                h.AccountKnown(known.model_copy(update={"verification": verified.verification}))
            )
        return verified

    async def change_password(self, old: str, new: str) -> account.PasswordChangedResult:
        return await done(
            lambda: self.sdk.call(
                account.CHANGE_PASSWORD,
                account.ChangePasswordParams(
                    old_password=old, new_password=new, client_op_id=self.sdk.op_id()
                ),
            )
        )

    async def sessions(self) -> session.Sessions:
        return await read(self.sdk, session.LIST_SESSIONS, session.ListSessionsParams())

    async def revoke(self, which: SessionId) -> None:
        await done(
            lambda: self.sdk.call(
                session.REVOKE_SESSION, session.RevokeParams(session=which, client_op_id=self.sdk.op_id())
            )
        )

    # --- groups ----------------------------------------------------------------------------------------

    async def create_group(
        self,
        name: str,
        introduction: str,
        category: GroupCategory,
        cap: int | None,
        nickname: str | None,
    ) -> group.GroupCreatedResult:
        created = await done(
            lambda: self.sdk.call(
                group.CREATE_GROUP,
                group.CreateGroupParams(
                    name=name,
                    introduction=introduction,
                    category=category,
                    cap=cap,
                    nickname=nickname,
                    client_op_id=self.sdk.op_id(),
                ),
            )
        )
        self.store.dispatch(h.GroupEntered(created.group, created.me))
        self.store.dispatch(h.GroupSelected(created.group.group))
        self._fill_from_replica()
        return created

    async def join_group(self, group_id: GroupId, nickname: str | None) -> group.JoinedResult:
        joined = await done(
            lambda: self.sdk.call(
                group.JOIN_GROUP,
                group.JoinGroupParams(group=group_id, nickname=nickname, client_op_id=self.sdk.op_id()),
            )
        )
        self.store.dispatch(h.GroupEntered(joined.group, joined.me))
        self.store.dispatch(h.GroupSelected(joined.group.group))
        return joined

    async def leave_group(self, group_id: GroupId) -> group.LeftResult:
        return await done(
            lambda: self.sdk.call(
                group.LEAVE_GROUP,
                group.LeaveGroupParams(group=group_id, client_op_id=self.sdk.op_id()),
            )
        )

    async def set_nickname(self, group_id: GroupId, nickname: str) -> group.NicknameSet:
        return await done(
            lambda: self.sdk.call(
                group.SET_NICKNAME,
                group.SetNicknameParams(group=group_id, nickname=nickname, client_op_id=self.sdk.op_id()),
            )
        )
