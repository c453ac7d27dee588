"""The way in, for scripted members: rules, agreement, account, identity. Decides nothing by itself."""

from __future__ import annotations

from client_tui.sdk.client import Client
from client_tui.sdk.synthetic import SyntheticPerson
from server.wire.verbs.account import REGISTER, AgreementAcceptance, RegisterParams
from server.wire.verbs.identity import VERIFY, VerifyParams
from server.wire.verbs.rules import SHOW_RULES, ShowRulesParams
from server.wire.vocabulary import Locale


async def join_in(
    client: Client, handle: str, password: str, person: SyntheticPerson, locale: Locale = "en"
) -> None:
    """Take an anonymous client all the way to a verified, logged-in member.

    Clauses: CG-05.4 (the agreement is fetched, and what is accepted is what was shown), CG-06.1 (the identity
    goes backstage). Raises CallError where the server says no, such as ``handle_taken``.
    """
    shown = await client.call(SHOW_RULES, ShowRulesParams(document="agreement", locale=locale))
    await client.call(
        REGISTER,
        RegisterParams(
            handle=handle,
            password=password,
            agreement=AgreementAcceptance(version=shown.version, locale=locale, sha256=shown.sha256),
            client=client.client_class,
            client_op_id=client.op_id(),
        ),
    )
    await client.open(handle=handle, password=password)
    await client.call(
        VERIFY,
        VerifyParams(
            method="resident_id",
            legal_name=person.legal_name,
            number=person.number,
            client_op_id=client.op_id(),
        ),
    )
