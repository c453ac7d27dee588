"""A talk as lines of text: who, when, what, in cells. Pure; the widget only paints what comes out of here.

Each name carries its role label (CG-08.8), and every difference that a colour makes is also a word or a sign:
one's own messages, mentions of oneself, what is still on its way, what was recalled.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta, tzinfo
from typing import Final

from client_tui.i18n import _, current, day_in_words, ngettext
from client_tui.labels import role_label
from client_tui.mentions import spans
from client_tui.prose import Line, Run, fit, harmless, isolated, one_line, width_of, wrap
from client_tui.state import Entry, Note, Pending, Talk
from server.wire.models import Message
from server.wire.vocabulary import Role, Seq

_INDENT: Final = 9  # the cursor, the sign, a blank, five cells of time, a blank
_SAME_BREATH: Final = timedelta(minutes=5)
_QUOTE_MARK: Final = "┆ "
_MINE, _TO_ME, _NO_MARK = Run(" › ", "mine"), Run(" @ ", "to-me"), Run("   ")


@dataclass(frozen=True, slots=True)
class Block:
    """What stands together on the screen. ``seq``: the entry it is; None for what cannot be chosen."""

    seq: Seq | None
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class _Look:
    """Everything besides the entry itself that its lines depend on: the key of the cache."""

    width: int
    role: Role | None
    quote: tuple[str, Role | None, str | None] | None
    continues: bool
    mine: bool
    me_mentioned: bool
    names: tuple[str, ...]
    locale: str


class TalkLayout:
    """Lays talks out; remembers the lines of entries whose look has not changed since."""

    def __init__(self, zone: tzinfo | None = None) -> None:
        self._zone = zone
        """None is the zone of this machine."""
        self._known: dict[tuple[str, int], tuple[Entry, _Look, Block]] = {}

    def blocks(self, talk: Talk, width: int, *, online: bool = True) -> list[Block]:
        """The whole talk, oldest first, for a pane of ``width`` cells."""
        out: list[Block] = []
        if talk.loaded:
            out.append(_top(talk, width))
        before: Entry | None = None
        divided = talk.divider is None
        for entry in talk.entries:
            if before is None or self._day(before) != self._day(entry):
                out.append(Block(None, (_rule(day_in_words(self._day(entry)), width, "day"),)))
                before = None
            if not divided and talk.divider is not None and _counts_unread(entry, talk):
                divided = True
                out.append(Block(None, (_rule(_unread_words(talk), width, "unread"),)))
                before = None
            out.append(self._entry(talk, entry, before, width))
            before = entry
        out.extend(_pending(talk, sent, width, online) for sent in talk.pending)
        return out

    def _day(self, entry: Entry) -> date:
        return entry.at.astimezone(self._zone).date()

    def _entry(self, talk: Talk, entry: Entry, before: Entry | None, width: int) -> Block:
        look = _look(talk, entry, before, width)
        key = (talk.id, entry.seq)
        known = self._known.get(key)
        if known is not None and known[0] is entry and known[1] == look:
            return known[2]
        time = f"{entry.at.astimezone(self._zone):%H:%M}"
        lines = _note(talk, entry, time, look) if isinstance(entry, Note) else _message(entry, time, look)
        block = Block(entry.seq, tuple(lines))
        if len(self._known) > 20_000:  # a few groups with everything loaded
            self._known.clear()
        self._known[key] = (entry, look, block)
        return block


def _look(talk: Talk, entry: Entry, before: Entry | None, width: int) -> _Look:
    if isinstance(entry, Note):
        role = talk.role_of(entry.ref) if entry.ref else None
        return _Look(width, role, None, False, entry.ref == talk.me, False, (), current())
    quote = None
    if entry.reply_to is not None and not entry.recalled:
        quoted = talk.entry(entry.reply_to)
        quote = (
            (quoted.nickname, talk.role_of(quoted.ref), quoted.text)
            if isinstance(quoted, Message)
            else ("", None, None)
        )
    continues = (
        isinstance(before, Message)
        and before.ref == entry.ref
        and before.nickname == entry.nickname
        and quote is None
        and entry.at - before.at < _SAME_BREATH
    )
    names = tuple(talk.members[ref].nickname for ref in entry.mentions if ref in talk.members)
    return _Look(
        width, talk.role_of(entry.ref), quote, continues, entry.ref == talk.me, talk.me in entry.mentions,
        names, current(),
    )  # fmt: skip


def _message(message: Message, time: str, look: _Look) -> list[Line]:
    lines: list[Line] = []
    room = look.width - _INDENT
    mark = _MINE if look.mine else _TO_ME if look.me_mentioned else _NO_MARK
    clock = Run(f"{time} ", "time")
    # A clock with a sign after it belongs to a message that goes on; only headers and notes have a bare one.
    # What the program says of a message stands in the margin, out of reach of text: none can write a header.
    going_on: Line = (mark, Run(f"{time}│", "time"))
    margin: Line = (Run(" " * _INDENT),)
    if not look.continues:
        lines.append((mark, clock, *_name(message.nickname, look.role, look.mine, room)))
    if look.quote is not None:
        lines.append((*_margin(_QUOTE_MARK, "quote"), *_quote(look.quote, room)))
    if message.recalled or message.text is None:
        words = _("recalled by its sender: the content is gone, the fact stays")
        going_on = (mark, Run(f"{time}⌫", "recalled"))
        first = _margin("⌫ ", "recalled")
        body = wrap((Run(words, "recalled"),), room)
    else:
        first = margin
        body = _text(message.text, look, room)
    for number, line in enumerate(body):
        head = margin if number else going_on if look.continues else first
        lines.append((*head, *line))
    return lines


def _margin(sign: str, kind: str) -> Line:
    return (Run(" " * (_INDENT - len(sign))), Run(sign, kind))


def _name(nickname: str, role: Role | None, mine: bool, room: int) -> Line:
    you = _("(you)") if mine else ""
    label = role_label(role)
    tail = f" {you}" if you else ""
    taken = width_of((Run(tail), Run(label))) + 1
    return (
        Run(fit(one_line(nickname), room - taken), "my-name" if mine else "name"),
        Run(tail, "you"),
        Run(" "),
        Run(label, f"role-{role or 'gone'}"),
    )


def _quote(quote: tuple[str, Role | None, str | None], room: int) -> Line:
    nickname, role, text = quote
    if not nickname:
        return (Run(fit(_("an earlier message"), room), "quote"),)
    said = _("(recalled)") if text is None else one_line(text)
    words = f"{one_line(nickname)} {role_label(role)} {said}"
    return (Run(fit(words, room), "quote"),)


def _text(text: str, look: _Look, room: int) -> list[Line]:
    shown = harmless(text)
    runs: list[Run] = []
    at = 0
    for start, end in spans(shown, [harmless(name) for name in look.names]):
        runs += [Run(shown[at:start], "text"), Run(shown[start:end], "mention")]
        at = end
    runs.append(Run(shown[at:], "text"))
    return [_isolated_line(line) for line in wrap(tuple(run for run in runs if run.text), room)]


def _isolated_line(line: Line) -> Line:
    # A mention inside right-to-left text is an isolate of its own: neither side pulls the other apart.
    return tuple(Run(isolated(run.text), run.kind) for run in line)


def _note(talk: Talk, note: Note, time: str, look: _Look) -> list[Line]:
    name = one_line(note.nickname)
    label = role_label(look.role) if note.kind in {"joined", "renamed"} else ""
    sentences = {
        "created": _("{name} was created"),
        "joined": _("{name} {label} joined by its id"),
        "left": _("{name} left"),
        "renamed": _("{before} is now {name} {label}"),
        "closed": _("{name} is closed; its id will not be used again"),
    }
    words = sentences[note.kind].format(name=name, label=label, before=one_line(note.detail) or _("somebody"))
    text = (Run(f"∙ {words} ", "note"), Run(talk.id, "ids"))
    body = wrap(text, look.width - _INDENT)
    first = (_NO_MARK, Run(f"{time} ", "time"))
    return [(*(first if number == 0 else (Run(" " * _INDENT),)), *line) for number, line in enumerate(body)]


def _pending(talk: Talk, sent: Pending, width: int, online: bool) -> Block:
    room = width - _INDENT
    look = _Look(width, talk.my_role, None, False, True, False, (), current())
    me = talk.members.get(talk.me)
    status = _("stored") if sent.seq else _("sending") if online else _("waiting for the connection")
    body = _text(sent.text, look, room)
    lines: list[Line] = [
        (
            _MINE,
            Run("  …   ", "time"),
            *_name(me.nickname if me else "", talk.my_role, True, room),
        )
    ]
    lines += [(Run(" " * _INDENT), *line) for line in body]
    lines.append((Run(" " * _INDENT), Run(f"◌ {status}", "status")))
    return Block(None, tuple(lines))


def _top(talk: Talk, width: int) -> Block:
    if talk.loading_older:
        words = _("loading older messages …")
    elif talk.more:
        words = _("older messages: go on up")
    else:
        words = _("the beginning of this group")
    return Block(None, (_rule(words, width, "top", mark=" "), ()))


def _rule(words: str, width: int, kind: str, mark: str = "─") -> Line:
    words = f" {fit(words, width - 6)} "
    left = max((width - width_of((Run(words),))) // 2, 1)
    right = max(width - left - width_of((Run(words),)) - 1, 1)
    return (Run(mark * left, f"{kind}-rule"), Run(words, kind), Run(mark * right, f"{kind}-rule"))


def _counts_unread(entry: Entry, talk: Talk) -> bool:
    unread = isinstance(entry, Message) and entry.ref != talk.me
    return unread and talk.divider is not None and entry.seq > talk.divider


def _unread_words(talk: Talk) -> str:
    number = sum(_counts_unread(entry, talk) for entry in talk.entries)
    return ngettext("{number} new message", "{number} new messages", number).format(number=number)


def block_at(blocks: list[Block], y: int) -> int | None:
    """The index of the block that line ``y`` of the talk belongs to."""
    top = 0
    for index, block in enumerate(blocks):
        top += len(block.lines)
        if y < top:
            return index
    return None
