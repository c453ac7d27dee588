"""The story of a newcomer, from first to last, against a real server. What the acts do stands in their files.

Every step states what it expects and checks it, so the story is a test as well. A seed tells it again, word
for word.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from client_tui.sdk import synthetic_person
from client_tui.sdk.synthetic import PEOPLE
from server.cli.story import entrance, talk
from server.cli.story.draws import Draws
from server.cli.story.evidence import occurrences
from server.cli.story.scene import Scene, on_the_line
from server.cli.story.transcript import Transcript
from server.cli.story.troupe import Troupe
from server.wire.verbs.session import CLOSE_SESSION, OPEN, CloseParams, OpenParams


async def tell(
    story: Transcript, url: str, data_dir: Path, troupe: Troupe, *, seed: int, password: str
) -> None:
    """Tell it. Raises StoryBroken when a call goes another way than the story needs."""
    person = synthetic_person(Draws(seed, "newcomer").below(PEOPLE), story.locale)
    async with on_the_line(url, "newcomer") as me:
        scene = Scene(url, data_dir, troupe, story, me, person, password)
        await entrance.reads_and_agrees(scene)
        await entrance.verifies(scene)
        await entrance.listens(scene)
        await talk.founds_a_group(scene)
        await talk.talks(scene)
        await talk.loses_the_line(scene)
        await _leaves(scene)


async def _leaves(scene: Scene) -> None:
    story, me = scene.story, scene.me
    story.act("VII. What is left behind", "七、留下了什么")

    with story.step(
        "Logged out: the token is worth nothing any more", "退出登录，令牌立刻作废", "CG-06.4"
    ) as step:
        token = me.token
        await step.call(me, CLOSE_SESSION, CloseParams(), "reason")
        await step.refused(me, OPEN, OpenParams(token=token, client=me.client_class), "session_expired")

    with story.step(
        "The identity is looked for in every byte that the server keeps",
        "在服务器保存的每个字节里寻找这个身份",
        "CG-06.1",
        "CG-06.4",
    ) as step:
        kept, person = scene.data_dir, scene.person
        step.note(
            "Databases, vault, keys and log; the name, the number, and their plain hashes.",
            "数据库、保险库、密钥、日志；姓名、号码，以及它们的普通哈希。",
        )
        seen = await asyncio.to_thread(occurrences, kept, entrance.PSEUDONYM)
        step.check(seen > 0, "the search does find the pseudonym", "这样搜索，找得到前台名字")
        found = await asyncio.to_thread(occurrences, kept, person.legal_name, person.number)
        step.check(found == 0, f"it finds the identity {found} times", f"找到身份 {found} 处")
