"""From launch to the first message: language, documents, agreement, name, identity. On the fake SDK."""

from __future__ import annotations

import pytest
from textual import events
from textual.pilot import Pilot
from textual.widgets import Static

from client_tui.app import QunzuApp
from client_tui.refusals import Refusal
from client_tui.screens.groups import CreateGroupForm, ReceiptForm
from client_tui.screens.log_in import LogInForm
from client_tui.screens.main import MainScreen
from client_tui.screens.register import RegisterForm
from client_tui.screens.verify import VerifyForm
from client_tui.screens.welcome import WelcomeScreen
from client_tui.widgets.choice import Choice
from client_tui.widgets.document_view import DocumentView
from client_tui.widgets.field import Field
from client_tui.widgets.tick import Tick
from tests.tui.conftest import Drive, until, write
from tests.tui.fake_sdk import FakeSdk
from tests.tui.story import TEA


async def read(app: QunzuApp, pilot: Pilot[int]) -> None:
    """Wait until the first document and the agreement are on the screen."""
    await until(pilot, lambda: "2026-11" in str(app.screen.query_one("#agree", Tick).render()), "documents")


def trouble(app: QunzuApp) -> str:
    return str(app.screen.query_one("#trouble", Static).render())


async def accept(app: QunzuApp, pilot: Pilot[int]) -> None:
    await read(app, pilot)
    app.screen.query_one("#agree").focus()
    await pilot.press("space", "enter", "enter", "enter")
    await until(pilot, lambda: isinstance(app.screen, RegisterForm))


async def give_a_name(pilot: Pilot[int], handle: str = "kite", password: str = "secret-pw") -> None:
    """Fill in the form of registration as its fields come, and send it."""
    for text in (handle, password, password):
        await write(pilot, text)
        await pilot.press("enter")


@pytest.mark.clause("INV-14")
async def test_the_first_screen_says_plainly_who_can_read(drive: Drive) -> None:
    """INV-14: on first run, without opening anything."""
    async with drive(FakeSdk(logged_in=False), token=None) as (app, pilot):
        await read(app, pilot)
        assert isinstance(app.screen, WelcomeScreen)
        assert "Not end-to-end encrypted" in str(app.screen.query_one("#plainly", Static).render())
        assert app.screen.query_one(DocumentView).text.startswith("Who can read what")


@pytest.mark.clause("CG-05.4")
async def test_nothing_is_ticked_and_without_the_agreement_there_is_no_account(drive: Drive) -> None:
    """CG-05.4: no account before the agreement is accepted, separate boxes, unticked; and it says why."""
    sdk = FakeSdk(logged_in=False)
    async with drive(sdk, token=None) as (app, pilot):
        await read(app, pilot)
        assert [tick.value for tick in app.screen.query(Tick)] == [False, False]
        app.screen.query_one("#new").focus()
        await pilot.press("enter")
        assert isinstance(app.screen, WelcomeScreen)
        assert "CG-05.4" in trouble(app)
        assert app.focused is app.screen.query_one("#agree")
        assert not sdk.asked("account.register")


@pytest.mark.clause("CG-05.4")
async def test_enter_never_accepts_only_space_does(drive: Drive) -> None:
    """CG-05.4: accepting is an act of its own, not one Enter too many."""
    async with drive(FakeSdk(logged_in=False), token=None) as (app, pilot):
        await read(app, pilot)
        for _number in range(24):
            await pilot.press("enter")
        assert not app.screen.query_one("#agree", Tick).value


@pytest.mark.clause("CG-05.3")
async def test_every_document_can_be_read_with_one_key(drive: Drive) -> None:
    """CG-05.3: the rules are readable before there is an account; Enter reads on through all of them."""
    async with drive(FakeSdk(logged_in=False), token=None) as (app, pilot):
        await read(app, pilot)
        view, seen = app.screen.query_one(DocumentView), []
        for _number in range(60):
            if view.text.splitlines()[0] not in seen:
                seen.append(view.text.splitlines()[0])
            if app.focused is not view:
                break
            await pilot.press("enter")
        assert seen == ["Who can read what", "Rules", "Convention", "Agreement", "Privacy"]
        assert app.focused is app.screen.query_one("#agree")


async def test_the_language_changes_at_once_and_what_is_accepted_is_the_text_shown(drive: Drive) -> None:
    sdk = FakeSdk(logged_in=False)
    async with drive(sdk, token=None) as (app, pilot):
        await read(app, pilot)
        app.screen.query_one("#language").focus()
        await pilot.press("right")
        await until(pilot, lambda: "谁能看到什么" in app.screen.query_one(DocumentView).text)
        await accept(app, pilot)
        await give_a_name(pilot, "风筝")
        await until(pilot, lambda: sdk.asked("account.register"))
        (params,) = sdk.asked("account.register")
        assert (params.agreement.locale, params.agreement.sha256) == ("zh", "ab" * 32)


@pytest.mark.clause("CG-06.2")
async def test_the_name_is_never_prefilled(drive: Drive) -> None:
    """CG-06.2: the handle field is empty at registration, whatever identity is offered."""
    async with drive(FakeSdk(logged_in=False), token=None) as (app, pilot):
        assert app.desk.offered_person is not None
        await accept(app, pilot)
        field = app.screen.query_one("#handle", Field)
        assert field.value == ""
        assert field.input.placeholder == ""
        assert app.focused is field.input


async def test_a_name_that_is_taken_is_said_at_once_and_nothing_is_lost(drive: Drive) -> None:
    async with drive(FakeSdk(logged_in=False), token=None) as (app, pilot):
        await accept(app, pilot)
        await give_a_name(pilot, "taken")
        await until(pilot, lambda: "already goes by that handle" in trouble(app))
        assert app.screen.query_one("#handle", Field).value == "taken"


async def test_two_different_passwords_are_noticed_here(drive: Drive) -> None:
    sdk = FakeSdk(logged_in=False)
    async with drive(sdk, token=None) as (app, pilot):
        await accept(app, pilot)
        await give_a_name(pilot, password="short")
        assert "At least 8" in str(app.screen.query_one("#password .below", Static).render())
        app.screen.query_one("#password", Field).value = "long-enough"
        app.screen.query_one("#again", Field).value = "long-enuogh"
        await pilot.press("enter")
        assert "not the same" in str(app.screen.query_one("#again .below", Static).render())
        assert not sdk.asked("account.register")


@pytest.mark.clause("CG-06.1", "CG-06.2")
async def test_the_identity_is_offered_and_filled_in_only_when_asked_for(drive: Drive) -> None:
    """CG-06.1: verification says who sees it, and hands over what the person chose to hand over."""
    sdk = FakeSdk(logged_in=False)
    async with drive(sdk, token=None) as (app, pilot):
        await accept(app, pilot)
        await give_a_name(pilot)
        await until(pilot, lambda: isinstance(app.screen, VerifyForm))
        assert app.screen.query_one("#legal_name", Field).value == ""
        assert app.screen.query_one("#number", Field).value == ""
        words = str(app.screen.query_one(".intro", Static).render())
        assert "nobody in any group" in words
        assert not app.screen.query_one("#phone").display  # no consent, no field
        await pilot.press("enter")
        person = app.desk.offered_person
        assert person is not None
        assert app.screen.query_one("#number", Field).value == person.number
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, MainScreen))
        (params,) = sdk.asked("identity.verify")
        assert (params.method, params.number, params.phone) == ("resident_id", person.number, None)


@pytest.mark.clause("CG-05.4")
async def test_the_phone_field_is_there_only_with_consent(drive: Drive) -> None:
    """CG-05.4: an optional consent is separate, and refusing it costs nothing."""
    sdk = FakeSdk(logged_in=False)
    async with drive(sdk, token=None) as (app, pilot):
        await read(app, pilot)
        app.screen.query_one("#consent-phone").focus()
        await pilot.press("space")
        await accept(app, pilot)
        await give_a_name(pilot)
        await until(pilot, lambda: isinstance(app.screen, VerifyForm))
        assert sdk.asked("account.register")[0].consents == ["phone"]
        assert app.screen.query_one("#phone").display


@pytest.mark.clause("CG-06.3")
async def test_verifying_can_be_skipped_and_the_way_back_is_in_sight(drive: Drive) -> None:
    """CG-06.3: unverified one may look around; the screen says what is locked and how to unlock it."""
    async with drive(FakeSdk(logged_in=False), token=None) as (app, pilot):
        await accept(app, pilot)
        await give_a_name(pilot)
        await until(pilot, lambda: isinstance(app.screen, VerifyForm))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, MainScreen))
        assert "Verify to post" in str(app.screen.query_one("#empty-words", Static).render())
        assert app.focused is app.screen.query_one("#do-verify")
        await pilot.press("ctrl+n")
        await until(pilot, lambda: isinstance(app.screen, VerifyForm))


@pytest.mark.clause("CG-08.4")
async def test_the_whole_way_with_the_keyboard_and_the_receipt_shows_the_id(drive: Drive) -> None:
    """CG-08.4: the creation receipt shows the id in full."""
    sdk = FakeSdk(logged_in=False)
    async with drive(sdk, token=None) as (app, pilot):
        await accept(app, pilot)
        await give_a_name(pilot)
        await until(pilot, lambda: isinstance(app.screen, VerifyForm))
        await pilot.press("enter", "enter")
        await until(pilot, lambda: isinstance(app.screen, MainScreen))
        await until(pilot, lambda: app.focused is app.screen.query_one("#do-create"))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, CreateGroupForm))
        await write(pilot, "Tea")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ReceiptForm))
        assert TEA in str(app.screen.query_one("#receipt-id", Static).render())
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, MainScreen))
        await write(pilot, "first")
        await pilot.press("enter")
        await until(pilot, lambda: sdk.asked("message.send"))
        assert sdk.asked("message.send")[0].text == "first"


async def test_logging_in_says_when_it_does_not_fit(drive: Drive) -> None:
    sdk = FakeSdk(logged_in=False)
    async with drive(sdk, token=None) as (app, pilot):
        await read(app, pilot)
        app.screen.query_one("#log-in").focus()
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, LogInForm))
        app.screen.query_one("#handle", Field).value = "kite"
        app.screen.query_one("#password", Field).value = "wrong password"
        await pilot.press("enter")
        await until(pilot, lambda: "do not fit together" in trouble(app))
        app.screen.query_one("#password", Field).value = "right password"
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, MainScreen))


async def test_keys_that_come_in_one_burst_land_in_the_fields_they_were_meant_for(drive: Drive) -> None:
    """A password must never show in the field above because the terminal was quicker than the screen."""
    async with drive(FakeSdk(logged_in=False), token=None) as (app, pilot):
        await accept(app, pilot)
        driver = app._driver
        assert driver is not None
        for key in ("k", "i", "t", "e", "enter", *"secretpw", "enter", *"secretpw"):
            event = events.Key(key, None if key == "enter" else key)
            event.set_sender(app)
            driver.send_message(event)
        again = app.screen.query_one("#again", Field)
        await until(pilot, lambda: again.value == "secretpw")
        assert app.screen.query_one("#handle", Field).value == "kite"
        assert app.screen.query_one("#password", Field).value == "secretpw"


@pytest.mark.parametrize("locale", ["en", "zh"])
async def test_the_longest_form_keeps_its_buttons_and_the_field_at_hand_in_sight(
    drive: Drive, locale: str
) -> None:
    """At 80×24, with the optional field and with something wrong everywhere."""
    sdk = FakeSdk(verified=False)
    async with drive(sdk, locale=locale) as (app, pilot):
        app.desk.consents = frozenset({"phone"})
        await pilot.press("f6")
        await until(
            pilot, lambda: isinstance(app.screen, VerifyForm) and app.screen.query_one("#phone").display
        )
        form = app.screen
        assert isinstance(form, VerifyForm)
        form.query_one("#method", Choice).choose("other_document")
        for field in form.fields():
            field.wrong("This does not fit.")
        form.refuse(Refusal("identity_cooldown", details={"retry_after_ms": 60_000}))
        box = form.query_one(".box").region
        for wanted in ("#submit", "#cancel", "#phone Input", "#legal_name Input", "#offer"):
            form.set_focus(form.query_one(wanted))
            await until(pilot, lambda: box.contains_region((form.focused or form).region), wanted)
            assert box.contains_region(form.query_one("#submit").region)
