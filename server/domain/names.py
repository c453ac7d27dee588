"""How long a name may be under this policy (SA-05.4a). What may stand in one, ``wire/text.py`` says."""

from __future__ import annotations

from typing import Literal

from policies.model import ClauseId, Policy
from server.wire.errors import TooMuch

Kind = Literal["handle", "group_name", "nickname", "introduction"]


def check_length(kind: Kind, text: str, policy: Policy) -> None:
    most: int = getattr(policy.naming.max_len, kind)
    if len(text) > most:
        raise TooMuch(
            "too_large",
            f"At most {most} characters.",
            clause=ClauseId("SA-05.4a"),
            policy={f"naming.max_len.{kind}": most},
            limit=most,
            current=len(text),
        )
