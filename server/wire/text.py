"""What may stand in text that people write: normal form, controls, direction marks. Judges no meaning.

Every script on earth is welcome, and so are the joiners that some scripts and emoji need. What is taken
out is what can make text lie about its place on the screen: controls, and direction changes that leak.
"""

from __future__ import annotations

import re
import unicodedata

_OVERRIDES = {0x202D: None, 0x202E: None}  # LRO, RLO: reorder letters outright; no script needs them
_EMBEDDINGS = {"\u202a", "\u202b"}  # LRE, RLE, closed by PDF
_ISOLATES = {"\u2066", "\u2067", "\u2068"}  # LRI, RLI, FSI, closed by PDI
_PDF, _PDI = "\u202c", "\u2069"
# ZWNJ, ZWJ: shape Persian and Indic letters and emoji. MVS: sets off the last vowel of Mongolian words.
_JOINERS = {"\u200c", "\u200d", "\u180e"}
_UNSEEN = frozenset(
    "\u115f\u1160\u3164\uffa0\u2800"  # Hangul fillers and the empty Braille cell
    "\u034f\u17b4\u17b5\u180b\u180c\u180d\u180f"  # grapheme joiner, Khmer inherent vowels, Mongolian variants
    + "".join(chr(code) for code in (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)))  # variation selectors
    # Reserved, and drawn as nothing all the same (Default_Ignorable_Code_Point).
    + "\u2065"
    + "".join(chr(code) for code in (*range(0xFFF0, 0xFFF9), 0xE0000, *range(0xE0002, 0xE0020)))
    + "".join(chr(code) for code in (*range(0xE0080, 0xE0100), *range(0xE01F0, 0xE1000)))
)
"""Letters and marks that show nothing by themselves."""

_LOOK_CLOSER = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef"
    + "".join(f"\\U{plane:04x}fffe\\U{plane:04x}ffff" for plane in range(17))
    + "]"
)
"""Everything that is refused or changed, normal form aside. Most text has none of it, and this one search
says so a hundred times faster than a look at each character."""

NAME_FORBIDDEN = frozenset("[]【】［］")
"""Brackets belong to role labels (CG-08.8): a name that carries them could forge one."""


def message_text(raw: str) -> str:
    """``raw`` in NFC with newlines as ``\\n``, direction overrides removed, open direction runs closed.

    Raises ValueError for control characters other than newline and tab, for text of nothing but blanks
    and invisible characters, and for characters that can never be exchanged (surrogates, noncharacters).
    """
    text, ordinary = raw, _LOOK_CLOSER.search(raw) is None
    if not ordinary:
        text = raw.replace("\r\n", "\n").replace("\r", "\n").translate(_OVERRIDES)
        _refuse_controls(text, allowed="\n\t")
    if not any(is_visible(char) for char in text):
        raise ValueError("nothing visible in the text")
    # Last: what was taken out may have kept a letter and its mark apart.
    return unicodedata.normalize("NFC", text if ordinary else _close_direction_runs(text))


def name_text(raw: str) -> str:
    """``raw`` as a one-line name: NFC, outer blanks cut, inner runs of blanks made one space.

    Raises ValueError for controls, direction marks, brackets of role labels, and names without a visible
    character. Letters of every script, marks, digits and punctuation such as ``·`` pass.
    """
    text = " ".join(unicodedata.normalize("NFC", raw).split())
    _refuse_controls(text, allowed="")
    for char in text:
        if char in NAME_FORBIDDEN:
            raise ValueError("brackets are kept for role labels")
        if unicodedata.category(char) == "Cf" and char not in _JOINERS:
            raise ValueError("invisible or direction characters are not allowed in a name")
    if not any(is_visible(char) for char in text):
        raise ValueError("a name needs at least one visible character")
    return text


def folded(name: str) -> str:
    """The key under which two spellings of one name meet: NFKC, case folded, nothing invisible left."""
    kept = "".join(char for char in name if char not in _JOINERS and char not in _UNSEEN)
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", kept).casefold())


def is_visible(char: str) -> bool:
    """Whether the character leaves a mark of its own: not a blank, not a format or unassigned character.

    Private-use characters count: they are how some historic scripts are still written.
    """
    category = unicodedata.category(char)
    return (category[0] not in "ZC" and char not in _UNSEEN) or category == "Co"


def _refuse_controls(text: str, allowed: str) -> None:
    for char in text:
        category = unicodedata.category(char)
        if category == "Cc" and char not in allowed:
            raise ValueError("control characters are not allowed")
        if category == "Cs" or ord(char) & 0xFFFE == 0xFFFE or "\ufdd0" <= char <= "\ufdef":
            raise ValueError("the text holds a code point that is not a character")


def _close_direction_runs(text: str) -> str:
    """Text whose direction runs end inside it, so that the neighbours on the screen keep their order."""
    open_runs: list[str] = []
    out: list[str] = []
    for line in text.split("\n"):  # a paragraph ends every run by itself, so each line is balanced alone
        open_runs.clear()
        for char in line:
            if char in _EMBEDDINGS:
                open_runs.append(_PDF)
            elif char in _ISOLATES:
                open_runs.append(_PDI)
            elif char == _PDF:
                if not open_runs or open_runs[-1] != _PDF:
                    continue  # closes nothing of this text: would close something of the page
                open_runs.pop()
            elif char == _PDI:
                if _PDI not in open_runs:
                    continue
                while open_runs.pop() != _PDI:  # PDI also ends the embeddings opened inside the isolate
                    pass
            out.append(char)
        out.extend(reversed(open_runs))
        out.append("\n")
    return "".join(out[:-1])
