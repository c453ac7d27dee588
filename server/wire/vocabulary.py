"""The words of the contract: ids, names, texts, roles, each with the shape it must have on the wire.

Limits here are the widest the contract allows. A policy may be narrower; it can never be wider.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Literal, NewType

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainSerializer, StringConstraints
from pydantic_core import PydanticCustomError

from server.wire import text
from server.wire.group_id import GroupId, parse_group_id

AccountId = NewType("AccountId", str)
"""Random and internal; a person sees their own, never anybody else's (INV-01)."""
SessionId = NewType("SessionId", str)
MemberRef = NewType("MemberRef", str)
"""One person in one group. Random per membership: two groups cannot be joined up by it (CG-06.2)."""
Seq = NewType("Seq", int)
"""Place of an event in its stream: 1, 2, 3 … without gaps. A message is named by its group and its seq."""
StreamName = NewType("StreamName", str)

Role = Literal["owner", "admin", "member"]
Locale = Literal["en", "zh"]
Document = Literal["rules", "convention", "agreement", "privacy", "notice", "about"]
GroupStatus = Literal["normal", "closed"]
Method = Literal["resident_id", "other_document"]
Level = Literal["basic", "strong"]


class WireModel(BaseModel):
    """What the server sends. Frozen; a client ignores fields that a newer server adds."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Params(BaseModel):
    """What a client sends: exact types, no unknown field, no guessing."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)


def _group_id(value: str) -> GroupId:
    try:
        return parse_group_id(value)
    except ValueError as error:
        raise PydanticCustomError("group_id_mistyped", "{reason}", {"reason": str(error)}) from None


def _bounded(normalise: Callable[[str], str], most: int) -> AfterValidator:
    """Normalise, then bound: the length that counts is the one in normal form."""

    def check(raw: str) -> str:
        clean = normalise(raw)
        if len(clean) > most:
            raise ValueError(f"at most {most} characters")
        return clean

    return AfterValidator(check)


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


GroupIdField = Annotated[GroupId, Field(max_length=32, examples=["G-0000000000"]), AfterValidator(_group_id)]
AccountIdField = Annotated[AccountId, StringConstraints(pattern=r"^A-[0-9A-Z]{1,32}$")]
SessionIdField = Annotated[SessionId, StringConstraints(pattern=r"^S-[0-9A-Z]{1,32}$")]
MemberRefField = Annotated[MemberRef, StringConstraints(pattern=r"^M-[0-9A-Z]{1,32}$")]
SeqField = Annotated[Seq, Field(ge=0, le=2**53 - 1)]
StreamField = Annotated[StreamName, StringConstraints(pattern=r"^(group|account):[A-Z]-[0-9A-Z]{1,32}$")]
ClientOpId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:-]{8,64}$")]
"""Makes a retry harmless: unique per account, remembered across restarts."""
# The field's `max_length` only bounds the work done on raw input: decomposed text may be twice as long.
MessageText = Annotated[str, Field(min_length=1, max_length=8000), _bounded(text.message_text, 4000)]
"""1..4000 characters after NFC."""
Handle = Annotated[str, Field(min_length=1, max_length=96), _bounded(text.name_text, 24)]
Nickname = Handle
GroupName = Annotated[str, Field(min_length=1, max_length=160), _bounded(text.name_text, 40)]
Introduction = Annotated[
    str, Field(max_length=600), _bounded(lambda raw: text.message_text(raw) if raw else "", 300)
]
Password = Annotated[str, Field(min_length=8, max_length=256, repr=False)]
Token = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{20,128}$")]
Version = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}(-\d{2})?$")]
Moment = Annotated[datetime, PlainSerializer(_iso, return_type=str, when_used="json")]
"""Aware UTC; on the wire ISO 8601 with milliseconds and Z."""


class ClientClass(Params):
    """SA-05.3g: the coarse, self-declared kind of client. Never a serial number or a fingerprint."""

    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9 ._+-]{1,32}$")]
    version: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9 ._+-]{1,32}$")]
    platform: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9 ._+-]{1,32}$")] = "unknown"
    architecture: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9 ._+-]{1,32}$")] = "unknown"


def group_stream(group: GroupId) -> StreamName:
    return StreamName(f"group:{group}")


def account_stream(account: AccountId) -> StreamName:
    return StreamName(f"account:{account}")
