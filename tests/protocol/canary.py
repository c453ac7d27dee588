"""What must occur nowhere, in every shape in which it could slip out: as it is, encoded, hashed.

A canary is a name, a number or a phone of a person of the story. Keyed digests cannot be looked for without
the key; plain hashes can, and an unsalted hash of a number is as good as the number.
"""

from __future__ import annotations

import base64
import hashlib
import json
import unicodedata
import urllib.parse
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_HASHES = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512", "sha3_256", "blake2b", "blake2s")


@dataclass(frozen=True)
class Trace:
    """One shape of one canary. ``what`` says in a failure which, without repeating it."""

    what: str
    needle: bytes


@dataclass(frozen=True)
class Find:
    where: str
    what: str


def traces(kind: str, value: str) -> list[Trace]:
    """Every shape of a value: spellings, encodings, and plain hashes of the spellings."""
    found: dict[bytes, str] = {}
    for spelling in _spellings(value):
        raw = spelling.encode()
        for encoding, needle in _encodings(spelling):
            found.setdefault(needle, f"{kind} ({encoding})")
        for name in _HASHES:
            digest = hashlib.new(name, raw).digest()
            for encoding, needle in _written(digest):
                found.setdefault(needle, f"{name} of the {kind} ({encoding})")
    # Shapes this short could occur by chance in megabytes of ciphertext and ids.
    return [Trace(what, needle) for needle, what in found.items() if len(needle) >= 8]


def search(where: str, haystack: bytes, wanted: Iterable[Trace]) -> list[Find]:
    """The traces that occur. Hex is looked for in both cases, the rest as it is."""
    return [Find(where, trace.what) for trace in wanted if trace.needle in haystack]


def _spellings(value: str) -> set[str]:
    """As typed; in both cases; without blanks; in the normal forms of Unicode; backwards."""
    spaced = {value, value.strip(), "".join(value.split())}
    cased = {form for text in spaced for form in (text, text.lower(), text.upper(), text.casefold())}
    normal = {unicodedata.normalize(form, text) for form in ("NFC", "NFKC", "NFD") for text in cased}
    return normal | {text[::-1] for text in spaced}


def _encodings(text: str) -> Iterator[tuple[str, bytes]]:
    raw = text.encode()
    yield "UTF-8", raw
    yield "UTF-16", text.encode("utf-16-le")
    yield "JSON escapes", json.dumps(text)[1:-1].encode()
    yield "percent", urllib.parse.quote(text).encode()
    yield "GB 18030", text.encode("gb18030")
    yield from _written(raw)


def _written(raw: bytes) -> Iterator[tuple[str, bytes]]:
    yield "bytes", raw
    yield "hex", raw.hex().encode()
    yield "HEX", raw.hex().upper().encode()
    # In a longer base64 text a value begins at one of three places; compare what does not depend on which.
    for shift in range(3):
        text = base64.b64encode(b"\0" * shift + raw).rstrip(b"=")
        inner = text[(0, 2, 3)[shift] : len(text) - 1]
        yield "base64", inner
        yield "base64url", inner.replace(b"+", b"-").replace(b"/", b"_")
