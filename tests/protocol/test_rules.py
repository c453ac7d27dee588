"""Rules and agreements come before everything else: before an account, before an identity."""

from __future__ import annotations

import hashlib

import pytest

from tests.conftest import PASSWORD
from tests.protocol.conftest import Folk
from tests.protocol.wire import CLIENT, Json, Wire


@pytest.mark.clause("CG-05.3")
@pytest.mark.parametrize("locale", ["en", "zh"])
@pytest.mark.parametrize("document", ["rules", "convention", "agreement", "privacy", "notice"])
async def test_a_stranger_reads_every_document(folk: Folk, document: str, locale: str) -> None:
    """CG-05.3: whoever connects reads the rules, dated, with a digest of the very text, without a log-in."""
    stranger = await folk.stranger()
    text = await stranger.call("rules.show", document=document, locale=locale)
    assert text["sha256"] == hashlib.sha256(text["body"].encode()).hexdigest()
    assert text["date"] <= text["effective"]
    assert text["version"] in text["versions"]


@pytest.mark.clause("CG-05.3")
async def test_a_stranger_sees_what_changed_between_two_versions(folk: Folk) -> None:
    """CG-05.3: no version disappears, and the difference can be read line by line."""
    stranger = await folk.stranger()
    versions = (await stranger.call("rules.show"))["versions"]
    old, new = versions[0], versions[-1]
    assert (await stranger.call("rules.show", version=old))["version"] == old
    compared = await stranger.call("rules.compare", from_version=old, to_version=new)
    assert any(line.startswith("+") for line in compared["diff"].splitlines())


@pytest.mark.clause("CG-05.3")
async def test_a_version_that_never_was_is_answered_with_those_that_were(folk: Folk) -> None:
    """CG-05.3: the answer to an unknown version lists the known ones."""
    stranger = await folk.stranger()
    refusal = await stranger.refused("rules.show", version="1999-01")
    assert (refusal.code, refusal.type) == (1404, "text_not_found")
    assert refusal.data["versions"]


@pytest.mark.clause("CG-05.4")
@pytest.mark.parametrize("wrong", ["outdated", "unread", "other_language"])
async def test_no_account_without_the_current_agreement_as_it_was_shown(folk: Folk, wrong: str) -> None:
    """CG-05.4: an acceptance counts only for the text that was shown, in the version that is in force."""
    stranger = await folk.stranger()
    accepted = await _shown(stranger)
    accepted |= {
        "outdated": {"version": "2026-09"},
        "unread": {"sha256": "0" * 64},
        "other_language": {"locale": "en"},
    }[wrong]
    refusal = await stranger.refused("account.register", **_wanted("ann", accepted))
    assert (refusal.code, refusal.type, refusal.clause) == (1422, "agreement_required", "CG-05.4")
    assert refusal.data["read"] == "rules.show"
    nobody = await stranger.refused("session.open", handle="ann", password=PASSWORD, client=CLIENT)
    assert nobody.type == "bad_credentials"


@pytest.mark.clause("CG-05.4")
async def test_no_account_when_the_agreement_is_left_out(folk: Folk) -> None:
    """CG-05.4: there is no way round the agreement by not mentioning it."""
    stranger = await folk.stranger()
    wanted = _wanted("ann", await _shown(stranger))
    del wanted["agreement"]
    refusal = await stranger.refused("account.register", **wanted)
    assert refusal.code == -32602
    assert [field["at"] for field in refusal.data["fields"]] == ["agreement"]


@pytest.mark.clause("CG-05.4")
async def test_what_was_accepted_can_be_read_again(folk: Folk) -> None:
    """CG-05.4: which text, when, in which language, which consents; and the text itself is still there."""
    ann = await folk.unverified("ann", consents=["phone"])
    accepted = await ann.call("account.agreement")
    assert accepted["consents"] == ["phone"]
    text = await ann.call(
        "rules.show", document="agreement", version=accepted["version"], locale=accepted["locale"]
    )
    assert text["sha256"] == accepted["sha256"]


@pytest.mark.clause("CG-05.4")
async def test_refusing_every_optional_consent_leaves_the_full_service(folk: Folk) -> None:
    """CG-05.4: consents are asked one by one; without any of them, everything basic works."""
    ann, bob = await folk("ann", "bob")
    assert (await ann.call("account.agreement"))["consents"] == []
    group = await ann.founds("tea", introduction="about tea", discoverable=True)
    ref = await bob.joins(group)
    first = await ann.says(group, "hello", mentions=[ref])
    await bob.says(group, "hi", reply_to=first)
    await bob.call("message.mark_read", group=group, seq=first)
    await bob.call("group.set_nickname", group=group, nickname="b")
    await ann.call("message.recall", group=group, message=first)
    assert len(await bob.history(group)) == 2
    await bob.call("group.leave", group=group)


@pytest.mark.clause("CG-05.4", "CG-06.1")
async def test_a_phone_number_is_taken_only_with_its_consent(folk: Folk) -> None:
    """CG-05.4: a phone number without the consent for it is refused, with it accepted; it is never needed."""
    without = await folk.unverified("ann")
    with_consent = await folk.unverified("bob", consents=["phone"])
    person, phone = folk.person(), "10000001234"
    details = {"method": "resident_id", "legal_name": person.legal_name, "number": person.number}
    refusal = await without.refused("identity.verify", **details, phone=phone)
    assert (refusal.code, refusal.type, refusal.clause) == (1422, "id_invalid", "CG-05.4")
    await without.call("identity.verify", **details)
    await with_consent.call("identity.verify", **details, phone=phone)


@pytest.mark.clause("INV-14")
async def test_a_stranger_is_told_what_is_not_encrypted(folk: Folk) -> None:
    """INV-14: before anybody types a word the server says that it can read what it stores."""
    stranger = await folk.stranger()
    about = await stranger.call("server.about", locale="en")
    assert about["simulation"] is True
    assert "end-to-end" in about["notice"]


async def _shown(stranger: Wire) -> Json:
    shown = await stranger.call("rules.show", document="agreement", locale="zh")
    return {"version": shown["version"], "locale": "zh", "sha256": shown["sha256"]}


def _wanted(handle: str, agreement: Json) -> Json:
    return {"handle": handle, "password": PASSWORD, "agreement": agreement, "client": CLIENT}
