"""Acts I to III: the way in. Rules before agreement, identity before speech, a pseudonym before company."""

from __future__ import annotations

from client_tui.sdk import SyntheticPerson
from server.cli.story.evidence import posted
from server.cli.story.scene import Scene
from server.wire.verbs.account import (
    GET_ACCOUNT,
    REGISTER,
    SET_HANDLE,
    AgreementAcceptance,
    GetAccountParams,
    RegisterParams,
    SetHandleParams,
)  # fmt: skip
from server.wire.verbs.group import JOIN_GROUP, JoinGroupParams
from server.wire.verbs.identity import VERIFY, VerifyParams
from server.wire.verbs.message import HISTORY, SEND, HistoryParams, SendParams
from server.wire.verbs.rules import SHOW_RULES, RulesText, ShowRulesParams
from server.wire.verbs.server import ABOUT, AboutParams

PSEUDONYM = "Paper Crane 纸鹤"


async def reads_and_agrees(scene: Scene) -> None:
    story, me, locale = scene.story, scene.me, scene.locale
    story.act("I. Read first, agree second", "一、先读，后同意")

    with story.step(
        "Somebody new asks what this server is", "新来的人先问：这是什么服务器", "INV-14"
    ) as step:
        about = await step.call(
            me, ABOUT, AboutParams(locale=locale), "name", "simulation", "profile", "policy"
        )
        first = _first_sentence(about.notice)
        step.note(f"“{first}”", f"“{first}”")
        step.check(about.simulation, "it says that it is a simulation", "它说明自己是模拟")

    with story.step(
        "The rules are open to anybody, without an account", "规则对所有人公开，无需账号", "CG-05.3"
    ) as step:
        asked = ShowRulesParams(document="rules", locale=locale)
        rules = await step.call(me, SHOW_RULES, asked, "title", "version", "effective")
        step.check(len(rules.body) > 200, "the whole text came", "全文都在")

    asked = ShowRulesParams(document="agreement", locale=locale)
    with story.step(
        "Accepting a text that was never shown does not count", "没看过的协议，同意了也不算", "CG-05.4"
    ) as step:
        unread = AgreementAcceptance(version=rules.version, locale=locale, sha256="0" * 64)
        await step.refused(me, REGISTER, _registration(scene, unread), "agreement_required")

    with story.step(
        "The newcomer reads the agreement, accepts it, and opens an account",
        "读了协议，同意，然后注册",
        "CG-05.4",
        "CG-06.2",
    ) as step:
        agreement = await step.call(me, SHOW_RULES, asked, "title", "version", "sha256")
        registration = _registration(scene, _acceptance(agreement))
        registered = await step.call(me, REGISTER, registration, "account.handle")
        step.note("Any name will do, and nothing else is asked for.", "名字随便取，别的什么都没问。")
        nobody = registered.account.verification is None
        step.check(nobody, "no identity is known so far", "到此为止没有任何身份信息")

    await me.open(handle=scene.person.handle_suggestion, password=scene.password)


async def verifies(scene: Scene) -> None:
    story, me, person = scene.story, scene.me, scene.person
    story.act("II. A real name backstage, a pseudonym on stage", "二、后台实名，前台自愿")

    with story.step("Speaking without an identity is refused", "没有核验身份，不能发言", "CG-06.3") as step:
        hello = scene.words("Hello, everybody!", "大家好！")
        post = SendParams(group=scene.troupe.groups["tea"], text=hello, client_op_id=me.op_id())
        refusal = await step.refused(me, SEND, post, "identity_required")
        step.check(refusal.clause == "CG-06.3", "it says which clause decided", "它说明了依据哪一条")

    with story.step(
        "A slip in the number: refused, and nothing kept", "号码错一位：拒绝，什么都不留", "CG-06.1"
    ) as step:
        wrong = SyntheticPerson(person.legal_name, _with_a_slip(person.number), person.handle_suggestion)
        await step.refused(me, VERIFY, _proof(scene, wrong), "id_invalid")

    with story.step(
        "A synthetic identity is verified backstage", "在后台核验一个虚构身份", "CG-06.1", "INV-08"
    ) as step:
        step.note(
            "Its region, 000000, belongs to nobody; its check character is a real one.",
            "地区码 000000 不属于任何人，校验码按真实规则计算。",
        )
        await step.call(me, VERIFY, _proof(scene, person), "verification.method", "verification.level")

    with story.step("What the account knows of it afterwards", "核验之后，账号里留下什么", "CG-06.1") as step:
        account = await step.call(
            me, GET_ACCOUNT, GetAccountParams(), "account.handle", "account.verification.method"
        )
        said = account.model_dump_json()
        step.check(
            person.legal_name not in said and person.number not in said,
            "that, how and when; neither name nor number",
            "只有“已核验、方式、时间”，没有姓名，没有号码",
        )

    with story.step("A pseudonym of one's own choice", "自己挑一个前台名字", "CG-06.2") as step:
        chosen = SetHandleParams(handle=PSEUDONYM, client_op_id=me.op_id())
        await step.call(me, SET_HANDLE, chosen, "handle")


async def listens(scene: Scene) -> None:
    story, me, tea = scene.story, scene.me, scene.troupe.groups["tea"]
    story.act("III. Among others", "三、走进人群")

    with story.step(
        "Paper Crane joins the Tea Table by its id, and reads back",
        "纸鹤凭群组编码加入茶友群，翻看之前的话",
        "CG-08.4",
        "CG-08.8",
    ) as step:
        join = JoinGroupParams(group=tea, client_op_id=me.op_id())
        joined = await step.call(me, JOIN_GROUP, join, "group.name", "me.nickname", "me.role")
        page = await step.call(me, HISTORY, HistoryParams(group=tea, limit=5), "more")
        for message in page.messages:
            step.heard(message)
        seqs = [message.seq for message in page.messages]
        step.check(len(seqs) == 5 and seqs == sorted(seqs), "five lines, oldest first", "五句话，从旧到新")

    with story.step("The host greets the newcomer by name", "群主点名欢迎新成员") as step:
        welcome = scene.troupe.welcome_to("tea", f"@{joined.me.nickname}")
        seq = await scene.troupe.players["moon"].say(tea, welcome, mentions=(joined.me.ref,))
        message = await posted(me, tea, seq)
        step.heard(message)
        step.check(
            message.mentions == [joined.me.ref], "the mention reaches the one it is for", "提醒送到了该送的人"
        )


def _acceptance(shown: RulesText) -> AgreementAcceptance:
    return AgreementAcceptance(version=shown.version, locale=shown.locale, sha256=shown.sha256)


def _registration(scene: Scene, acceptance: AgreementAcceptance) -> RegisterParams:
    return RegisterParams(
        handle=scene.person.handle_suggestion,
        password=scene.password,
        agreement=acceptance,
        client=scene.me.client_class,
        client_op_id=scene.me.op_id(),
    )


def _proof(scene: Scene, person: SyntheticPerson) -> VerifyParams:
    return VerifyParams(
        method="resident_id",
        legal_name=person.legal_name,
        number=person.number,
        client_op_id=scene.me.op_id(),
    )


def _with_a_slip(number: str) -> str:
    """The number with its last digit before the check character changed."""
    return f"{number[:16]}{(int(number[16]) + 1) % 10}{number[17:]}"


def _first_sentence(text: str) -> str:
    """Of a Markdown text: the first paragraph that is no heading or list, up to its first full stop."""
    paragraph = next(it for it in text.split("\n\n") if it.strip() and not it.startswith(("#", "-", "|")))
    flat = " ".join(paragraph.replace("**", "").split())
    ends = [flat.find(stop) + 1 for stop in (". ", "。") if stop in flat]
    return flat[: min(ends)].strip() if ends else flat
