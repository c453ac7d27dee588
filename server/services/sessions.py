"""Logging in, resuming where one left off, looking after one's devices."""

from __future__ import annotations

import traceback
from datetime import timedelta

import structlog

from server.services.connection import Connection
from server.services.contexts import Owning, Reading, Writing
from server.services.handlers import owns, reads, writes
from server.services.replay import missed
from server.storage import accounts, groups, sessions
from server.storage.accounts import Credentials
from server.storage.sessions import OpenSession
from server.storage.transaction import Transaction
from server.storage.writer import Outcome
from server.wire.errors import Close, NotAuthenticated, NotFound, RateLimited
from server.wire.events import (
    CAUGHT_UP,
    SESSION_CLOSED,
    SESSION_OPENED,
    CaughtUp,
    Event,
    SessionClosed,
    SessionOpened,
)
from server.wire.models import SessionView
from server.wire.session_states import Input, State
from server.wire.text import folded
from server.wire.verbs.session import (
    CLOSE_SESSION,
    LIST_SESSIONS,
    OPEN,
    PROTOCOL,
    REVOKE_SESSION,
    ClosedResult,
    CloseParams,
    ListSessionsParams,
    OpenParams,
    Revoked,
    RevokeParams,
    SessionOpenedResult,
    Sessions,
    StreamHead,
)
from server.wire.vocabulary import AccountId, Seq, SessionId, StreamName, account_stream, group_stream

log = structlog.get_logger()


@owns(OPEN)
async def open_session(ctx: Owning, params: OpenParams) -> SessionOpenedResult:
    """Log in, attach to the streams at one exact place in the order of commits, then send what was missed.

    The place is that of this very write: ``released`` attaches the connection before anything committed
    later is told to anybody, and holds what comes in the meantime until the replay is out.
    """
    if params.protocol != PROTOCOL:
        ctx.connection.close(Close.UNSUPPORTED_VERSION, f"this server speaks protocol {PROTOCOL}")
        raise NotAuthenticated("login_required", f"This server speaks protocol {PROTOCOL}.")
    found = None if params.token is not None else await _account_by_password(ctx, params)
    client = params.client
    described = f"{client.name} {client.version} ({client.platform} {client.architecture})"
    ctx.connection.declare_client(described)
    token = ctx.world.secrets.token()

    def work(tx: Transaction) -> SessionOpenedResult:
        # Heads before this log-in: its own `session.opened` comes live, and must not be replayed as well.
        if found is None:
            known = _known_session(tx, ctx, params.token or "")
            who, session = known.account, known.view
            heads = _heads(tx, ctx, who, params)
        else:
            who = found.account
            if accounts.password_of(tx.sql, who) != found.password:  # changed while it was being checked
                raise NotAuthenticated("bad_credentials")
            heads = _heads(tx, ctx, who, params)
            session = _new_session(tx, ctx, who, described, token)
        tx.account = who
        return SessionOpenedResult(
            session=session,
            token=None if found is None else token,
            account=accounts.account_view(tx.sql, who),
            protocol=PROTOCOL,
            limits=ctx.world.limits(),
            streams=heads,
            server_time=tx.now,
            policy=ctx.world.policy_hash,
            simulation=True,
        )

    def released(outcome: Outcome) -> None:
        if isinstance(outcome.result, SessionOpenedResult) and ctx.connection.state is not State.CLOSED:
            _attach(ctx, outcome.result)

    result = await ctx.perform(work, SessionOpenedResult, released=released)
    ctx.after_reply = lambda: _release(ctx, result, params.cursors)
    return result


@reads(LIST_SESSIONS)
def list_sessions(ctx: Reading, params: ListSessionsParams) -> Sessions:
    return Sessions(sessions=sessions.open_sessions(ctx.sql, ctx.account.account), current=ctx.session)


@writes(REVOKE_SESSION)
def revoke_session(ctx: Writing, params: RevokeParams) -> Revoked:
    mine = {session.session for session in sessions.open_sessions_in(ctx.tx, ctx.account.account)}
    if params.session not in mine:
        raise NotFound("session_not_found")
    sessions.close_sessions(ctx.tx, [params.session])
    closed = SessionClosed(session=params.session, reason="revoked")
    return Revoked(event_seq=ctx.tx.emit(account_stream(ctx.account.account), SESSION_CLOSED, closed))


@owns(CLOSE_SESSION)
async def close_session(ctx: Owning, params: CloseParams) -> ClosedResult:
    account, session = ctx.connection.caller()

    def work(tx: Transaction) -> ClosedResult:
        sessions.close_sessions(tx, [session])
        tx.emit(account_stream(account), SESSION_CLOSED, SessionClosed(session=session, reason="logout"))
        return ClosedResult(reason="logout")

    def released(outcome: Outcome) -> None:
        # This connection stays, as nobody's; others on the same session are closed by the event.
        if outcome.error is None:
            ctx.hub.detach(ctx.connection)
            ctx.connection.forget_session()

    return await ctx.perform(work, ClosedResult, released=released)


async def _account_by_password(ctx: Owning, params: OpenParams) -> Credentials:
    assert params.handle is not None
    assert params.password is not None
    handle = folded(params.handle)
    wait_ns = ctx.log_ins.spend(handle, "login", ctx.world.clock.monotonic_ns())
    if wait_ns:
        raise RateLimited("rate_limited", retry_after_ms=-(-wait_ns // 1_000_000), rate="login")
    found = await ctx.world.database.read(lambda sql: accounts.credentials(sql, params.handle or ""))
    fits = await ctx.world.hasher.verify(None if found is None else found.password, params.password)
    if found is None or not fits:
        await ctx.refuse(NotAuthenticated("bad_credentials"))
    return found


def _new_session(tx: Transaction, ctx: Owning, account: AccountId, client: str, token: str) -> SessionView:
    """A session for a new log-in; the eldest ends when there would be too many."""
    session = SessionView(session=ctx.world.ids.session(), client=client, opened_at=tx.now)
    stream = account_stream(account)
    before = sessions.open_sessions_in(tx, account)
    for old in before[: max(0, len(before) + 1 - ctx.policy.sessions.max_per_account)]:
        sessions.close_sessions(tx, [old.session])
        tx.emit(stream, SESSION_CLOSED, SessionClosed(session=old.session, reason="expired"))
    sessions.add_session(tx, session, account, token)
    tx.emit(stream, SESSION_OPENED, SessionOpened(session=session))
    return session


def _known_session(tx: Transaction, ctx: Owning, token: str) -> OpenSession:
    known = sessions.by_token(tx.sql, token)
    lifetime = timedelta(days=ctx.policy.sessions.lifetime_days)
    if known is None or known.used_at + lifetime <= tx.now:
        raise NotAuthenticated("session_expired")
    sessions.touch(tx, known.view.session)
    return known


def _heads(tx: Transaction, ctx: Owning, account: AccountId, params: OpenParams) -> list[StreamHead]:
    """The streams an account may hear: its own, and those of its groups unless CG-06.3 keeps them from it."""
    own = [account_stream(account)]
    if accounts.account_facts(tx, account).verified or ctx.policy.identity.unverified_can_read_groups:
        own += [group_stream(place.group) for place in groups.memberships_in(tx, account)]
    return [_head(tx, ctx, stream, params) for stream in own]


def _head(tx: Transaction, ctx: Owning, stream: StreamName, params: OpenParams) -> StreamHead:
    """Where a stream stands, and whether the client's cursor is close enough to replay from it."""
    head = tx.head(stream)
    cursor = (params.cursors or {}).get(stream)
    resumed = cursor is not None and 0 <= head - cursor <= ctx.policy.resume.replay_limit_events
    return StreamHead(stream=stream, head=head, resumed=resumed)


def _attach(ctx: Owning, result: SessionOpenedResult) -> None:
    connection: Connection = ctx.connection
    connection.account = result.account.account
    connection.session = SessionId(result.session.session)
    connection.step(Input.SESSION_OPENED)
    connection.held = []
    ctx.hub.attach(connection, connection.account, [head.stream for head in result.streams])


async def _release(ctx: Owning, opened: SessionOpenedResult, cursors: dict[StreamName, Seq] | None) -> None:
    """After the answer: what was missed, then what came meanwhile, then `session.caught_up`."""
    connection, replayed = ctx.connection, 0
    try:
        async for part in missed(ctx.world, opened, cursors):
            await connection.replay(ctx.hub.frame(text) for text in part.frames)
            replayed += part.events
        await connection.replay_held()
    except Exception as error:  # attached and deaf for ever would be worse than coming back
        where = traceback.format_tb(error.__traceback__)[-3:]
        log.error("replay_failed", error=type(error).__name__, where=where)
        connection.close(Close.INTERNAL, "cannot read what was missed")
        return
    if connection.state is not State.RESUMING:
        return  # lost, or logged out from another device, in the meantime
    connection.held = None
    connection.step(Input.CAUGHT_UP)
    assert connection.account is not None
    event = Event(
        account_stream(connection.account),
        None,
        CAUGHT_UP.name,
        ctx.world.clock.now(),
        CaughtUp(replayed=replayed),
    )
    ctx.hub.whisper(connection, event)
