"""``qunzu demo``: a server of its own, people in it, and you. Everything is gone afterwards."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Annotated

import typer

from server.cli.asking import as_locale
from server.cli.output import ExitCode, JsonOption, Output, Usage

if TYPE_CHECKING:
    from client_tui.state import UiState
    from server.cli.story.stage import Stage
    from server.cli.story.transcript import Transcript
    from server.cli.story.troupe import Progress, Troupe
    from server.wire.group_id import GroupId
    from server.wire.vocabulary import Locale


def demo(
    headless: Annotated[
        bool, typer.Option("--headless", help="Tell the story as text, as is done without a terminal.")
    ] = False,
    lang: Annotated[str | None, typer.Option(help="en or zh; your environment decides if left out.")] = None,
    keep: Annotated[
        Path | None, typer.Option(help="Keep the data here, an empty directory, to look at afterwards.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Tell the same story again: same ids, same words.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Go in among scripted people, on a server of your own.

    The server listens on a free loopback port and keeps its data in a temporary directory. Scripted members
    talk in three groups; a synthetic identity is made up for you. Without a terminal the same story is told
    as text: what was called, what came back, which clause. Exit code 1 if anything went otherwise than it
    should.

    \b
    Example:
      $ qunzu demo
      $ qunzu demo --headless --lang zh --seed 7
    """
    with Output(as_json=as_json) as out:
        from client_tui.i18n import guess

        locale = guess(None) if lang is None else as_locale(lang)
        # The first word comes before anything heavy is imported: who waits should know for what.
        out.say(
            "群组演示：纯属模拟，人物都是合成的。正在启动自己的服务器……"
            if locale == "zh"
            else "qunzu demo: a simulation, synthetic people only. Starting a server of its own ..."
        )
        headless = headless or as_json or not out.on_terminal
        from server.config import check_variables

        check_variables(os.environ)
        if keep is not None and keep.is_dir() and any(keep.iterdir()):
            raise Usage(f"{keep} is not empty; the demo keeps its data in a new or an empty directory")
        _end_tidily_when_told()
        from server.cli.story.stage import StageFailed

        try:
            code = (
                _headless(out, locale, keep, seed) if headless else _on_screen(out, lang, locale, keep, seed)
            )
        except StageFailed as failed:
            raise Usage(f"{failed}.") from None
    raise typer.Exit(code)


def _headless(out: Output, locale: Locale, keep: Path | None, seed: int | None) -> ExitCode:
    from server.cli.story.cast import Both
    from server.cli.story.transcript import StoryBroken, Transcript

    transcript = Transcript(out, locale)
    broken = None
    try:
        asyncio.run(_tell(out, transcript, locale, keep, seed))
    except StoryBroken as error:
        broken = str(error)
    failed = [check["text"] for check in transcript.checks if not check["held"]]
    if broken is not None:
        failed.append(broken)
    steps, checks = len(transcript.steps), len(transcript.checks)
    ending = Both(
        f"{steps} steps, {checks} checks, all of them held.", f"共 {steps} 步，{checks} 项检查，全部成立。"
    )
    if failed:
        ending = Both(f"Not as it should be: {'; '.join(failed)}", f"与预期不符：{'；'.join(failed)}")
    out.data({"steps": steps, "checks": checks, "failed": failed}, f"\n{ending[locale]}")
    return ExitCode.REFUSED if failed else ExitCode.OK


async def _tell(
    out: Output, transcript: Transcript, locale: Locale, keep: Path | None, seed: int | None
) -> None:
    from server.cli.story.stage import Stage
    from server.cli.story.telling import tell
    from server.cli.story.troupe import Troupe
    from server.system import SystemSecrets

    drawn = _drawn() if seed is None else seed
    async with Stage(keep=keep, seed=seed) as stage:
        out.say(_whereabouts(stage, locale))
        async with Troupe(stage.url, locale, drawn) as troupe:
            await troupe.assemble(out.say, SystemSecrets().token)
            await troupe.found_groups(out.say)
            password = SystemSecrets().token()
            await tell(transcript, stage.url, stage.data_dir, troupe, seed=drawn, password=password)
    out.say(_farewell(stage, locale))


def _on_screen(out: Output, lang: str | None, locale: Locale, keep: Path | None, seed: int | None) -> int:
    from client_tui.app import QunzuApp
    from client_tui.desk import Desk
    from client_tui.sdk import connect, synthetic_person, this_program
    from client_tui.sdk.synthetic import PEOPLE
    from server.cli.story.cast import Both
    from server.cli.story.draws import Draws

    drawn = _drawn() if seed is None else seed
    person = synthetic_person(Draws(drawn, "newcomer").below(PEOPLE), locale)
    with Backstage(out.say, locale, keep, seed, drawn) as backstage:
        out.say(
            Both("Opening the terminal client: you are somebody new.", "打开终端客户端：你是新来的人。")[
                locale
            ]
        )
        url = backstage.stage.url
        desk = Desk(
            url,
            offered_person=person,
            offered_group=backstage.open_group,
            afterwards="deleted" if keep is None else "kept",
            gone=lambda: backstage.server_ended,
        )
        desk.store.watch(backstage.look)
        # Without --lang the first screen asks; what it is told does not change what the others speak.
        app = QunzuApp(
            lambda token: connect(url, token=token, client=this_program("qunzu-tui")), desk, locale=lang
        )
        code = app.run()
    if backstage.server_ended:
        out.say(Both("The server ended by itself, before its time.", "服务器提前自行结束了。")[locale])
        code = code or ExitCode.REFUSED
    out.say(_farewell(backstage.stage, locale))
    return code or ExitCode.OK


class Backstage:
    """Server and scripted members, in a thread with a loop of its own: the screen needs the main thread, and
    neither may wait for the other. Inside the block everything is in place and the members talk."""

    def __init__(
        self, progress: Progress, locale: Locale, keep: Path | None, seed: int | None, drawn: int
    ) -> None:
        self._progress, self._locale, self._keep, self._seed, self._drawn = (
            progress,
            locale,
            keep,
            seed,
            drawn,
        )
        self._loop = asyncio.new_event_loop()
        self._in_place: Future[tuple[Stage, Troupe]] = Future()
        self._task: asyncio.Task[None] | None = None
        self._failure: BaseException | None = None
        self._visited: set[GroupId] = set()
        self.server_ended = False
        """The server process is no more though nobody stopped it. Read from the main thread."""
        self._thread = threading.Thread(target=self._run, name="backstage")

    def __enter__(self) -> Backstage:
        self._thread.start()
        try:
            self.stage, self._troupe = self._in_place.result()
        except BaseException:
            self._leave()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave()
        if error is None and self._failure is not None:
            raise self._failure

    @property
    def open_group(self) -> GroupId:
        """Where a newcomer is welcome."""
        return self._troupe.groups["tea"]

    def look(self, state: UiState) -> None:
        """Somebody at the screen founded a group: some of the members come by, as friends would."""
        mine = {talk.id for talk in state.talks.values() if talk.my_role == "owner"}
        for group in mine - self._visited:
            with suppress(RuntimeError):  # the loop ends with the server
                self._loop.call_soon_threadsafe(self._troupe.come_by, group)
        self._visited |= mine

    def _leave(self) -> None:
        if self._thread.is_alive():
            with suppress(RuntimeError):  # the loop ended by itself in between
                self._loop.call_soon_threadsafe(self._cancel)
        self._thread.join()

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            try:
                runner.run(self._perform())
            except asyncio.CancelledError:
                pass
            except BaseException as error:
                # Told by the main thread: a traceback from here would be drawn over the screen.
                self._failure = error
                if not self._in_place.done():
                    self._in_place.set_exception(error)

    async def _perform(self) -> None:
        from server.cli.story.stage import Stage
        from server.cli.story.troupe import Troupe
        from server.system import SystemSecrets

        self._task = asyncio.current_task()
        async with Stage(keep=self._keep, seed=self._seed) as stage:
            self._progress(_whereabouts(stage, self._locale))
            async with Troupe(stage.url, self._locale, self._drawn) as troupe:
                await troupe.assemble(self._progress, SystemSecrets().token)
                await troupe.found_groups(self._progress)
                self._in_place.set_result((stage, troupe))
                await self._play(stage, troupe)

    async def _play(self, stage: Stage, troupe: Troupe) -> None:
        """Until cancelled, or until there is no server to play on."""
        playing, ending = asyncio.ensure_future(troupe.play()), asyncio.ensure_future(stage.ended())
        try:
            await asyncio.wait({playing, ending}, return_when=asyncio.FIRST_COMPLETED)
            self.server_ended = ending.done()
            if not self.server_ended:
                playing.result()
        finally:
            playing.cancel()
            ending.cancel()
            await asyncio.gather(playing, ending, return_exceptions=True)


def _drawn() -> int:
    from server.system import SystemSecrets

    return int.from_bytes(SystemSecrets().bytes(6))


def _whereabouts(stage: Stage, locale: Locale) -> str:
    from server.cli.story.cast import Both

    return Both(
        f"It listens at {stage.url} and keeps its data in {stage.data_dir}. People come in:",
        f"服务器在 {stage.url}，数据在 {stage.data_dir}。大家陆续进来：",
    )[locale]


def _farewell(stage: Stage, locale: Locale) -> str:
    from server.cli.story.cast import Both

    where = stage.data_dir
    if not where.exists():
        return Both(
            f"The server is stopped. Everything lay in {where} and is deleted.",
            f"服务器已停止。所有数据都在 {where}，已经删除。",
        )[locale]
    names = ", ".join(sorted(path.name for path in where.iterdir()))
    return Both(
        f"The server is stopped. Its data is kept in {where}: {names}.",
        f"服务器已停止。数据保留在 {where}：{names}。",
    )[locale]


def _end_tidily_when_told() -> None:
    """SIGTERM and a closed terminal end the demo as Ctrl-C does: server stopped, data deleted."""

    def leave(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, leave)
