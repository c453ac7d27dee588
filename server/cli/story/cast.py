"""Who plays in the demo and what they say. Words only: nothing here moves.

All of them are invented. They talk about tea, walks and Python: the demo shows how talking works here, not
what people ought to talk about.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from policies.model import GroupCategory
from server.wire.vocabulary import Locale


@dataclass(frozen=True, slots=True)
class Both:
    """The same thing said in both languages."""

    en: str
    zh: str

    def __getitem__(self, locale: Locale) -> str:
        return self.zh if locale == "zh" else self.en


@dataclass(frozen=True, slots=True)
class Line:
    who: str
    en: str
    zh: str
    answers: int | None = None
    """The line it replies to, counted from 0 in its own script."""

    def text(self, locale: Locale) -> str:
        return self.zh if locale == "zh" else self.en


@dataclass(frozen=True, slots=True)
class Circle:
    """A group of the demo. The first ``opening`` lines have been said before anybody new comes in."""

    key: str
    name: Both
    introduction: Both
    category: GroupCategory
    owner: str
    members: tuple[str, ...]
    nicknames: Mapping[str, Both]
    """Who goes by another name here than elsewhere (CG-06.2)."""
    welcome: Both
    opening: int
    lines: tuple[Line, ...]


HANDLES: Final[Mapping[str, str]] = {
    "moon": "Moonbrew 煮月",
    "pebble": "Pebble 小石头",
    "lime": "Lime 青柠",
    "slow": "慢慢走 Slowly",
    "quill": "Inkwell 墨水瓶",
    "nine": "Ninelives 九条命",
}
"""Pseudonyms, each in two scripts: a name may be written in any."""

TEA: Final = Circle(
    key="tea",
    name=Both("The Tea Table", "喝茶聊天"),
    introduction=Both("What is in your cup today?", "今天杯子里是什么？"),
    category="hobby",
    owner="moon",
    members=("pebble", "lime", "quill"),
    nicknames={"lime": Both("Two Sugars", "两块糖")},
    welcome=Both("Welcome, {name}. Take a cup, any cup.", "欢迎，{name}。随便拿个杯子。"),
    opening=5,
    lines=(
        Line("moon", "The water is just off the boil. Who is having what today?", "水刚开。今天各位喝什么？"),
        Line("pebble", "Oolong, third steep. It is still going strong.", "乌龙，第三泡了，味道还在。"),
        Line("lime", "Jasmine. I put two sugars in, and I am not sorry.", "茉莉花茶，放了两块糖，我不后悔。"),
        Line("moon", "Nobody here will judge you. Much.", "没人会笑你。大概吧。", 2),
        Line("quill", "Chrysanthemum with a few goji berries, for tired eyes.", "菊花加几粒枸杞，养眼睛。"),
        Line(
            "pebble", "How hot for green tea? Mine always turns bitter.", "绿茶用多热的水？我泡的总是发苦。"
        ),
        Line("moon", "About 80 °C, and two minutes at most.", "八十度左右，最多两分钟。", 5),
        Line(
            "quill",
            "Without a thermometer: wait until the bubbles are as big as crab eyes.",
            "没有温度计，就等到水泡像“蟹眼”那么大。",
            5,
        ),
        Line("pebble", "Crab eyes! I am going to the kitchen to look.", "蟹眼！我去厨房看看。", 7),
        Line("lime", "Does cold brew count as tea here?", "冷泡的在这儿算茶吗？"),
        Line("moon", "A night in the fridge, and it is the sweetest of all.", "冰箱里放一夜，反而最甜。", 9),
        Line("quill", "My pot lost its lid years ago. A saucer does.", "我的壶早就丢了盖子，用小碟子盖着。"),
        Line(
            "pebble",
            "It worked. Not bitter at all. I may talk of nothing else now.",
            "成了，一点不苦。以后我可能只聊这个。",
        ),
        Line("lime", "We had noticed.", "看出来了。", 12),
        Line(
            "moon",
            "Next week, everybody brings one that the others do not know?",
            "下周每人带一种别人没喝过的？",
        ),
        Line("pebble", "Barley tea. Is that cheating?", "大麦茶，算作弊吗？", 14),
        Line(
            "moon", "It is hot and it is in a cup. Welcome to the table.", "是热的，在杯子里，就请上桌。", 15
        ),
    ),
)

WALK: Final = Circle(
    key="walk",
    name=Both("Sunday Walks", "周日散步"),
    introduction=Both("Any pace is the right one.", "多慢都可以。"),
    category="hobby",
    owner="slow",
    members=("pebble", "nine", "moon"),
    nicknames={"moon": Both("Flask", "带壶的")},
    welcome=Both("Welcome, {name}. Any pace is the right one here.", "欢迎，{name}。在这里走多慢都可以。"),
    opening=4,
    lines=(
        Line(
            "slow",
            "Sunday: the lake path, eight kilometres, all flat.",
            "周日走湖边那条路，八公里，全是平路。",
        ),
        Line("nine", "Flat is good. My knees are older than I am.", "平路好，我的膝盖比我还老。"),
        Line("pebble", "Is there somewhere to sit on the way?", "半路有地方坐吗？"),
        Line("slow", "A bench under two willows, at kilometre four.", "走到四公里，两棵柳树下有长椅。", 2),
        Line("moon", "I bring the flask.", "我带一壶茶。"),
        Line("nine", "They say a little rain before noon.", "预报说上午有小雨。"),
        Line(
            "slow",
            "Then we start at one. After rain the path smells of mint.",
            "那就一点出发，雨后路上有薄荷味。",
            5,
        ),
        Line("pebble", "Last time I counted nine herons.", "上次我数到九只苍鹭。"),
        Line("nine", "Eight. One was a post.", "八只。有一只是木桩。", 7),
        Line("pebble", "It looked at me!", "它看了我一眼！", 8),
        Line(
            "moon",
            "May a slow walker come? My friend stops for every dog.",
            "走得慢的能来吗？我朋友见狗就停。",
        ),
        Line("slow", "That is the official pace of this group.", "那正是本群的标准速度。", 10),
        Line("nine", "Do I need the heavy shoes?", "要穿厚重的鞋吗？"),
        Line("slow", "Ordinary ones will do. Spare socks are better.", "普通的就行，多带双袜子更有用。", 12),
        Line("pebble", "Who has the map?", "谁带地图？"),
        Line("slow", "I have. And if I lose it: the lake is round.", "我带。万一丢了，湖是圆的。", 14),
    ),
)

PYTHON: Final = Circle(
    key="python",
    name=Both("Python from Zero", "零基础学 Python"),
    introduction=Both("Small questions are the best ones.", "小问题才是好问题。"),
    category="study",
    owner="quill",
    members=("nine", "lime", "slow"),
    nicknames={"slow": Both("while True", "while True")},
    welcome=Both(
        "Welcome, {name}. Ask anything; nobody was born knowing it.",
        "欢迎，{name}。什么都可以问，谁也不是生来就会。",
    ),
    opening=5,
    lines=(
        Line(
            "quill",
            "This week: lists and loops. Small questions are the best ones.",
            "这周学列表和循环。小问题才是好问题。",
        ),
        Line("lime", "Why does range(5) stop at 4?", "为什么 range(5) 到 4 就停？"),
        Line("quill", "It gives five numbers, and the first is 0.", "它给五个数，第一个是 0。", 1),
        Line("slow", "I wrote my first loop. It did not stop.", "我写了第一个循环，它停不下来。"),
        Line(
            "nine", "Ctrl-C. Everybody's first loop was like that.", "按 Ctrl-C。大家的第一个循环都这样。", 3
        ),
        Line(
            "lime",
            "print([n * n for n in range(5)])\nIs that one line really a loop?",
            "print([n * n for n in range(5)])\n这一行也是循环吗？",
        ),
        Line(
            "nine",
            "Yes. Read it from the middle: for each n, keep n * n.",
            "是的。从中间读：对每个 n，留下 n * n。",
            5,
        ),
        Line("slow", "Mine stops now. I had forgotten n += 1.", "我的能停了，原来忘了写 n += 1。"),
        Line(
            "quill",
            "Then you have met the most common bug there is. Congratulations.",
            "恭喜，你遇到了世上最常见的错误。",
            7,
        ),
        Line("lime", "What is the difference between = and ==?", "= 和 == 有什么区别？"),
        Line(
            "quill",
            "One puts a thing in a box. The other asks whether two are equal.",
            "一个把东西放进盒子，一个问两样是否相等。",
            9,
        ),
        Line(
            "nine",
            "A tip: read the last line of an error first. It says what; the lines above say where.",
            "小窍门：报错先看最后一行，那里说是什么错；上面说在哪里。",
        ),
        Line(
            "slow",
            "That helps. I read from the top and gave up on the way.",
            "有用。我总是从头读，读到一半就放弃了。",
            11,
        ),
        Line("lime", "Is len('水') 1 or 3?", "len('水') 是 1 还是 3？"),
        Line(
            "nine",
            "1 character, and 3 bytes in UTF-8. Try len('水'.encode()).",
            "1 个字符，UTF-8 里是 3 个字节。试试 len('水'.encode())。",
            13,
        ),
        Line("slow", "I made a program that reminds me to drink tea.", "我写了个提醒我喝茶的程序。"),
        Line("quill", "That is what computers are for.", "电脑就是干这个用的。", 15),
    ),
)

CIRCLES: Final = (TEA, WALK, PYTHON)

ENTERED: Final = Both("  {done}/{all} registered and verified: {name}", "  {done}/{all} 已注册并核验：{name}")
FOUNDED: Final = Both("  {group}  {name}, {members} members", "  {group}  {name}，{members} 人")

INVITATION: Final = Both(
    "If you found a group of your own, post its id here. It begins with G-, and some of us will look in.",
    "要是自己建了群，把群组编码（G- 开头）发到这里，我们就过去看看。",
)
VISIT: Final = Both("I will look in.", "我这就过去看看。")
ARRIVALS: Final = (
    Both("So this is the new place. Hello!", "这就是新群啊，大家好！"),
    Both("Found it: the id was all I needed.", "找到了，有群组编码就行。"),
    Both("Hello. A good name for a group.", "你好，群名不错。"),
    Both("I brought biscuits, in a manner of speaking.", "我带了点心，意思一下。"),
)
HELLOS: Final = (
    Both("Hello, {name}!", "你好，{name}！"),
    Both("Good to see you, {name}.", "见到你真好，{name}。"),
    Both("Hi, {name}. How is your day?", "嗨，{name}，今天怎么样？"),
)
TO_QUESTIONS: Final = (
    Both("Good question. I would try both and compare.", "好问题。换我就两样都试试。"),
    Both("I think so, but ask me again tomorrow.", "我觉得是，不过明天再问我一次。"),
    Both("Does anybody here know for certain?", "这里有人确切知道吗？"),
    Both("As far as I know, yes.", "据我所知，是的。"),
)
TO_TALK: Final = (
    Both("That sounds right to me.", "我觉得对。"),
    Both("Tell us more?", "再多说一点？"),
    Both("I had not thought of it like that.", "我还没这么想过。"),
    Both("Writing that down.", "记下来了。"),
    Both("Ha! The same here.", "哈，我也是。"),
    Both("Now I want to try it too.", "听得我也想试试。"),
)
TO_RECALL: Final = Both(
    "You took that back in time. What stays is that there was something, not what it was.",
    "及时撤回了。留下的只是“有过一条”，不是“说过什么”。",
)
