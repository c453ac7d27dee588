"""The program: connects, keeps the screens in step with the log-in, and ends with an exit code.

The only place that knows which screen follows which. What a screen may know is on its ``Desk``.
"""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager, suppress
from typing import ClassVar

from textual.app import App
from textual.binding import BindingType
from textual.worker import WorkerCancelled, WorkerFailed

from client_tui import happenings as h
from client_tui import i18n
from client_tui.actions import bindings
from client_tui.asking import refusal_of
from client_tui.courier import Courier
from client_tui.desk import Desk
from client_tui.i18n import _
from client_tui.port import Dial, Sdk
from client_tui.refusals import GONE, Refusal, words
from client_tui.screens.going import (
    AgreementAccepted,
    LanguageChosen,
    LoggedOut,
    LogInWanted,
    QuitConfirmed,
)
from client_tui.screens.help import HelpScreen
from client_tui.screens.leaving import QuitForm, ServerGoneForm
from client_tui.screens.log_in import LogInForm
from client_tui.screens.main import MainScreen
from client_tui.screens.notice import NoticeScreen
from client_tui.screens.reader import ReaderScreen
from client_tui.screens.register import RegisterForm
from client_tui.screens.verify import VerifyForm
from client_tui.screens.welcome import WelcomeScreen
from client_tui.sdk import ConnectionLost, SdkError, SyntheticPerson, connect, this_program
from client_tui.state import Link
from client_tui.theme import INK
from client_tui.widgets.key_hints import place_of, topic_of
from server.wire.group_id import GroupId
from server.wire.vocabulary import Locale

CANNOT_CONNECT = 3
"""Exit code: no server answered while this program ran."""
TRY_AGAIN_S = 3.0
"""Between two tries to reach a server that did not answer at all."""


def run(
    url: str,
    *,
    locale: str | None = None,
    offered_person: SyntheticPerson | None = None,
    token: str | None = None,
    offered_group: GroupId | None = None,
) -> int:
    """Run the terminal client until the person leaves it; returns the exit code.

    ``locale`` such as ``zh_CN`` decides the language and saves asking; ``offered_person`` and
    ``offered_group`` are offered to a newcomer, and filled in only when asked for; with a ``token`` one is
    logged in at once.
    """

    def dial(with_token: str | None) -> AbstractAsyncContextManager[Sdk]:
        return connect(url, token=with_token, client=this_program("qunzu-tui"))

    desk = Desk(url, offered_person=offered_person, offered_group=offered_group)
    app = QunzuApp(dial, desk, locale=locale, token=token)
    code = app.run()
    return code if isinstance(code, int) else 0


class QunzuApp(App[int]):
    CSS_PATH = "qunzu.tcss"
    ENABLE_COMMAND_PALETTE = False
    NOTIFICATION_TIMEOUT = 3.0
    BINDINGS: ClassVar[list[BindingType]] = bindings("everywhere")
    TITLE = "群组 Qunzu"

    def __init__(
        self,
        dial: Dial,
        desk: Desk,
        *,
        locale: str | None = None,
        token: str | None = None,
    ) -> None:
        super().__init__()
        self._dial = dial
        self.desk = desk
        self._asked_locale = locale
        self._token = token
        self._ever_connected = False
        i18n.use(i18n.guess(locale))

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return dict(INK.variables)

    def on_mount(self) -> None:
        self.register_theme(INK)
        self.theme = INK.name
        if self._token is None:
            self._welcome("")
        else:
            self.push_screen(MainScreen(self.desk))
        self._connection = self.run_worker(self._live(), name="connection")
        self._watch = self.set_interval(self.desk.tick_s, self.look_for_server)

    # --- the connection ------------------------------------------------------------------------------------

    async def _live(self) -> None:
        """Connect, listen until it ends for good, and begin again without a log-in."""
        token = self._token
        unreachable = False
        while True:
            try:
                async with self._dial(token) as sdk:
                    self._ever_connected = True
                    if unreachable:
                        self._welcome("")
                    unreachable = False
                    courier = Courier(sdk, self.desk.store, self.desk.clock)
                    self.desk.courier = courier
                    self.desk.store.dispatch(h.LinkChanged(Link(sdk.state)))
                    await courier.listen()
                    trouble = words(refusal_of(sdk.ended)) if sdk.ended is not None else ""
            except ConnectionLost:
                unreachable = True
                trouble = _("No server answers at {url}.").format(url=self.desk.url)
            except SdkError as error:
                trouble = words(refusal_of(error))
            finally:
                self.desk.courier = None
            token = None
            self.desk.store.dispatch(h.AccountKnown(None))
            self.desk.store.dispatch(h.LinkChanged(Link("offline", round(TRY_AGAIN_S))))
            self._welcome(trouble)
            await asyncio.sleep(TRY_AGAIN_S)

    async def look_for_server(self) -> None:
        """Once the server is gone for good, try no more, and say so over whatever is being read."""
        if not self.desk.gone():
            return
        self._watch.stop()
        self._connection.cancel()
        with suppress(WorkerCancelled, WorkerFailed):
            await self._connection.wait()
        self.desk.store.dispatch(h.LinkChanged(Link("offline", ended=Refusal(GONE))))
        self.push_screen(ServerGoneForm(self.desk))

    # --- which screen follows ------------------------------------------------------------------------------

    def _base(self, screen: WelcomeScreen | MainScreen) -> None:
        """Show this with nothing over it."""
        while len(self.screen_stack) > 2:
            self.pop_screen()
        if len(self.screen_stack) > 1:
            self.switch_screen(screen)
        else:
            self.push_screen(screen)

    def _welcome(self, trouble: str) -> None:
        base = self.screen_stack[1] if len(self.screen_stack) > 1 else None
        if isinstance(base, WelcomeScreen):
            base.say(trouble)
        else:
            self._base(WelcomeScreen(self.desk, trouble, choose_language=self._asked_locale is None))

    def on_language_chosen(self, message: LanguageChosen) -> None:
        locale: Locale = "zh" if message.locale == "zh" else "en"
        i18n.use(locale)
        self._base(WelcomeScreen(self.desk))

    def on_agreement_accepted(self, message: AgreementAccepted) -> None:
        self.desk.consents = message.consents
        form = RegisterForm(self.desk, message.agreement, message.consents)
        self.push_screen(form, self._registered)

    def _registered(self, done: bool | None) -> None:
        if done:
            self._enter()
            self.push_screen(VerifyForm(self.desk), lambda _verified: self._settle())

    def on_log_in_wanted(self, message: LogInWanted) -> None:
        self.push_screen(LogInForm(self.desk), lambda done: self._enter() if done else None)

    def _enter(self) -> None:
        self._base(MainScreen(self.desk))

    def _settle(self) -> None:
        if isinstance(self.screen, MainScreen):
            self.screen.settle()

    def on_logged_out(self, message: LoggedOut) -> None:
        self.desk.consents = frozenset()
        self._welcome("")

    def on_quit_confirmed(self, message: QuitConfirmed) -> None:
        self.exit(0 if self._ever_connected else CANNOT_CONNECT)

    # --- actions that are the same everywhere --------------------------------------------------------------

    def action_help(self) -> None:
        if isinstance(self.screen, HelpScreen):
            self.pop_screen()
            return
        otherwise = getattr(self.screen, "topic", "talk")
        self.push_screen(HelpScreen(topic_of(self.screen.focused, otherwise), place_of(self.screen.focused)))

    def action_why(self) -> None:
        self.action_help()

    def action_rules(self) -> None:
        if not isinstance(self.screen, ReaderScreen):
            self.push_screen(ReaderScreen(self.desk))

    def action_notice(self) -> None:
        if not isinstance(self.screen, NoticeScreen):
            self.push_screen(NoticeScreen(self.desk))

    async def action_quit(self) -> None:
        if type(self.screen) is not QuitForm:
            self.push_screen(QuitForm(self.desk))
