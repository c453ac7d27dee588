"""Acts IV to VI: a group of one's own, talk in it, and a line that goes dead."""

from __future__ import annotations

from client_tui.labels import role_label
from server.cli.story.evidence import next_event, posted, until_caught_up
from server.cli.story.scene import Scene, on_the_line
from server.wire.events import MESSAGE_RECALLED
from server.wire.group_id import ALPHABET, GroupId
from server.wire.verbs.group import (
    CREATE_GROUP,
    GET_GROUP,
    LIST_MEMBERS,
    CreateGroupParams,
    GetGroupParams,
    ListMembersParams,
)  # fmt: skip
from server.wire.verbs.message import (
    HISTORY,
    MARK_READ,
    RECALL,
    SEND,
    HistoryParams,
    MarkReadParams,
    RecallParams,
    SendParams,
)  # fmt: skip
from server.wire.verbs.session import OPEN, OpenParams
from server.wire.vocabulary import group_stream

_GUESTS = ("moon", "pebble", "lime", "nine")


async def founds_a_group(scene: Scene) -> None:
    story, me, players = scene.story, scene.me, scene.troupe.players
    story.act("IV. A group of one's own", "四、自己建一个群")

    with story.step(
        "Paper Crane founds a group and becomes its owner", "纸鹤建群，成为群主", "CG-08.2", "CG-08.4"
    ) as step:
        name = scene.words("Rainy Day Kitchen", "雨天厨房")
        wish = CreateGroupParams(name=name, category="hobby", discoverable=True, client_op_id=me.op_id())
        created = await step.call(me, CREATE_GROUP, wish, "group.group", "group.cap", "me.role")
        scene.kitchen = created.group

    with story.step(
        "One wrong character in the id is noticed before anybody looks it up",
        "群组编码错一个字符，还没查找就能发现",
        "CG-08.4",
    ) as step:
        # Past the model: a careful client would not even send this.
        mistyped = GetGroupParams.model_construct({"group"}, group=_mistyped(scene.group))
        await step.refused(me, GET_GROUP, mistyped, "group_id_mistyped")

    with story.step("Four of the others come by", "四位群友来做客", "CG-08.1", "CG-08.8") as step:
        for key in _GUESTS:
            await players[key].join(scene.group, "Biscuits 饼干" if key == "pebble" else None)
        page = await step.call(me, LIST_MEMBERS, ListMembersParams(group=scene.group), "total")
        for member in page.members:
            line = f"{role_label(member.role)} {member.nickname}"
            step.note(line, line)
        roles = [member.role for member in page.members]
        step.check(
            roles == ["owner", *["member"] * 4],
            "a role beside each name, the owner first",
            "名字旁都有身份，群主在前",
        )

    with story.step(
        "One person in two groups has two references that nobody else can join up",
        "同一个人在两个群里，是两个别人无法关联的代号",
        "CG-06.2",
    ) as step:
        here, there = players["pebble"].refs[scene.group], players["pebble"].refs[scene.troupe.groups["tea"]]
        step.note(f"Biscuits, here:             {here}", f"饼干，在这里：　　　　{here}")
        step.note(f"Pebble, at the Tea Table:   {there}", f"小石头，在茶友群：　　{there}")
        step.check(here != there, "different, and random", "互不相同，并且随机")


async def talks(scene: Scene) -> None:
    story, me, group, players = scene.story, scene.me, scene.group, scene.troupe.players
    story.act("V. Talk", "五、聊天")

    text = scene.words("What does one cook when it rains?", "下雨天做点什么吃？")
    question = SendParams(group=group, text=text, client_op_id=me.op_id())
    with story.step(
        "A message: on the disk first, then to everybody", "一条消息：先落盘，再送给每个人", "SA-05.3"
    ) as step:
        sent = await step.call(me, SEND, question, "event_seq")
        copies = [await posted(players[key].client, group, sent.event_seq) for key in _GUESTS]
        same = [copy.text for copy in copies] == [text] * len(_GUESTS)
        step.check(same, "four guests have it, under the same number", "四位客人都收到，编号相同")

    with story.step(
        "The line is slow, and the client sends the very same call again",
        "网络慢，客户端把同一请求又发了一遍",
    ) as step:
        again = await step.call_detailed(me, SEND, question, "event_seq")
        once = again.replayed and again.result == sent
        step.check(
            once, "the first answer comes back, and nothing is said twice", "得到第一次的结果，话没有说两遍"
        )

    with story.step("Others answer, quote and mention", "有人回复、引用、提醒") as step:
        mine = (await scene.place_in_group()).me.ref
        soup = scene.words("Soup. The pot decides which.", "煮汤。煮什么汤，锅说了算。")
        answer = await players["moon"].say(group, soup, reply_to=sent.event_seq)
        noodles = scene.words("@Paper Crane, I bring noodles for yours.", "@纸鹤，我给你那锅带面条。")
        mention = await players["pebble"].say(group, noodles, mentions=(mine,))
        heard = [await posted(me, group, seq) for seq in (answer, mention)]
        for message in heard:
            step.heard(message)
        step.check(
            heard[0].reply_to == sent.event_seq, "the answer knows its question", "回复知道自己回的是哪句"
        )
        step.check(heard[1].mentions == [mine], "the mention is for Paper Crane", "提醒的是纸鹤")

    with story.step("Said too much, and taken back in time", "说多了，及时撤回", "SA-05.3") as step:
        too_much = scene.words("The secret ingredient is", "秘方就是")
        post = SendParams(group=group, text=too_much, client_op_id=me.op_id())
        slip = await step.call(me, SEND, post, "event_seq")
        take_back = RecallParams(group=group, message=slip.event_seq, client_op_id=me.op_id())
        recalled = await step.call(me, RECALL, take_back, "event_seq")
        await next_event(players["moon"].client, group, MESSAGE_RECALLED.name)
        page = await players["moon"].client.call(HISTORY, HistoryParams(group=group, limit=1))
        gone = page.messages[0].recalled and page.messages[0].text is None
        step.check(gone, "the content is gone, the fact stays", "内容消失，事实还在")

    with story.step("Unread, then read", "未读，然后已读") as step:
        before = (await scene.place_in_group()).unread
        mark = MarkReadParams(group=group, seq=recalled.event_seq, client_op_id=me.op_id())
        await step.call(me, MARK_READ, mark, "read_seq")
        after = (await scene.place_in_group()).unread
        step.check(
            before > after == 0,
            f"{before} unread before, {after} after",
            f"之前未读 {before} 条，之后 {after} 条",
        )


async def loses_the_line(scene: Scene) -> None:
    story, group, players = scene.story, scene.group, scene.troupe.players
    story.act("VI. The line goes dead", "六、断线")

    with story.step(
        "Ninelives drops out, the talk goes on, Ninelives comes back", "九条命掉线，大家接着聊，它又回来了"
    ) as step:
        nine, stream = players["nine"], group_stream(group)
        token, last = nine.client.token, (await scene.place_in_group()).head
        await nine.client.aclose()
        missed = [
            await players[who].say(group, scene.words(en, zh))
            for who, en, zh in (
                ("lime", "Potato soup, then.", "那就土豆汤。"),
                ("moon", "With the skins on, or off?", "削皮还是不削？"),
                ("lime", "On. It is raining.", "不削，下着雨呢。"),
            )
        ]
        step.note(
            f"Gone after event {last}, back {len(missed)} messages later.",
            f"收到第 {last} 个事件后掉线，{len(missed)} 条消息之后回来。",
        )
        async with on_the_line(scene.url, "nine") as back:
            resume = OpenParams(token=token, client=back.client_class, cursors={stream: last})
            opened = await step.call(back, OPEN, resume, "account.handle")
            resumed = next(head.resumed for head in opened.streams if head.stream == stream)
            step.check(resumed, "it goes on where it broke off", "从断开的地方接上")
            replayed, events = await until_caught_up(back, group)
        for message in replayed:
            step.heard(message)
        complete = [message.seq for message in replayed] == missed
        step.check(
            complete, "exactly what was missed, in order, nothing twice", "恰好是错过的，顺序不乱，没有重复"
        )
        step.check(
            events >= len(missed), f"then: caught up, {events} events", f"然后：已补齐，共 {events} 个事件"
        )


def _mistyped(group: GroupId) -> GroupId:
    return GroupId(group[:-1] + ALPHABET[(ALPHABET.index(group[-1]) + 1) % len(ALPHABET)])
