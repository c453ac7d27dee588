"""The texts people read before they agree to anything: by document, version and locale. Knows no clock.

What a person accepted is named by its version, its locale and the digest of the body they were shown.
"""

from __future__ import annotations

import datetime
import difflib
import functools
import hashlib
import tomllib
from pathlib import Path
from typing import Annotated, Final, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

FOLDER: Final = Path(__file__).parent / "texts"

Document = Literal["rules", "convention", "agreement", "privacy", "notice", "about"]
Locale = Literal["en", "zh"]
DOCUMENTS: Final[tuple[Document, ...]] = get_args(Document)
LOCALES: Final[tuple[Locale, ...]] = get_args(Locale)

_FENCE: Final = "+++\n"
_SPACED: Final = 2  # unchanged lines shown round each change


class UnknownText(LookupError):
    """No such document, version or locale; the text says which there are."""


class Text(BaseModel):
    """One text as it stands in its file. `body` is Markdown; `sha256`, in hex, is of the body in UTF-8."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    document: Document
    version: Annotated[str, Field(pattern=r"^\d{4}-\d\d$")]
    locale: Locale
    title: Annotated[str, Field(min_length=2)]
    date: datetime.date
    """Published on this day."""
    effective: datetime.date
    """Binds from this day on. Clause: CG-05.3."""
    body: str
    sha256: str


@functools.cache
def versions(document: str) -> tuple[str, ...]:
    """Every version of a document, oldest first. Raises UnknownText."""
    if document not in DOCUMENTS:
        raise UnknownText(f"unknown document {document!r}; there is {', '.join(DOCUMENTS)}")
    return tuple(sorted({path.name.split(".")[0] for path in (FOLDER / document).glob("*.md")}))


@functools.cache
def load_text(document: str, version: str, locale: str) -> Text:
    """One text. `locale` is `en` or `zh`; both always exist for a version. Raises UnknownText."""
    known = versions(document)
    if version not in known:
        raise UnknownText(f"no {document} has version {version!r}; there is {', '.join(known)}")
    if locale not in LOCALES:
        raise UnknownText(f"no text in {locale!r}; there is {', '.join(LOCALES)}")
    raw = (FOLDER / document / f"{version}.{locale}.md").read_text(encoding="utf-8")
    _, front, body = raw.split(_FENCE, 2)
    return Text.model_validate(
        {
            **tomllib.loads(front),
            "document": document,
            "locale": locale,
            "body": body,
            "sha256": hashlib.sha256(body.encode()).hexdigest(),
        }
    )


def version_on(document: str, day: datetime.date) -> str:
    """The version that binds on a day: the newest in effect, or the first one where none is yet.

    Clause: CG-05.3. A changed text binds from its `effective` day, not from the day it was published.
    """
    known = versions(document)
    binding = [version for version in known if load_text(document, version, "en").effective <= day]
    return binding[-1] if binding else known[0]


def hurried_changes(notice_days: int) -> list[str]:
    """Changed texts that would bind sooner than `notice_days` after their publication, as `document version`.

    Clause: CG-05.3. The first version of a document changes nothing for anybody, so it needs no notice.
    """
    notice = datetime.timedelta(days=notice_days)
    changed = [
        load_text(document, version, locale)
        for document in DOCUMENTS
        for version in versions(document)[1:]
        for locale in LOCALES
    ]
    return sorted(
        {f"{text.document} {text.version}" for text in changed if text.effective < text.date + notice}
    )


def compare(document: str, from_version: str, to_version: str, locale: str) -> str:
    """What changed between two versions, for reading: `-| ` went, `+| ` came, ` | ` stands around it.

    Empty when nothing did. Unchanged stretches between changes are shown as one line of dots.
    """
    before, after = (load_text(document, version, locale) for version in (from_version, to_version))
    old, new = before.body.splitlines(), after.body.splitlines()
    lines: list[str] = []
    for group in difflib.SequenceMatcher(a=old, b=new, autojunk=False).get_grouped_opcodes(_SPACED):
        lines.append(" | ..." if lines else f"{before.title} {before.version} -> {after.version}")
        for tag, old_from, old_to, new_from, new_to in group:
            if tag == "equal":
                lines.extend(f" | {line}".rstrip() for line in old[old_from:old_to])
            else:
                lines.extend(f"-| {line}".rstrip() for line in old[old_from:old_to])
                lines.extend(f"+| {line}".rstrip() for line in new[new_from:new_to])
    return "".join(f"{line}\n" for line in lines)
