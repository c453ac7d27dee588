"""``qunzu group``: found, find, join and leave groups. The id stands wherever the name does (CG-08.4)."""

from __future__ import annotations

from typing import Annotated

import typer

from server.cli.asking import Ask, OpIdOption, asks_server

app = typer.Typer(no_args_is_help=True, help="Groups: found one, join one, list yours.")

GroupArgument = Annotated[str, typer.Argument(metavar="GROUP", help="A group id, such as G-7K2M9Q4XW0.")]
NicknameOption = Annotated[str | None, typer.Option(help="Your name in this group; your handle if left out.")]


@app.command()
@asks_server
async def create(
    ask: Ask,
    name: Annotated[str, typer.Argument(help="What the group is called.")],
    introduction: Annotated[str, typer.Option(help="What it is about.")] = "",
    category: Annotated[str, typer.Option(help="What people do together, such as hobby or study.")] = "other",
    cap: Annotated[int | None, typer.Option(help="Most members; the platform's cap if left out.")] = None,
    discoverable: Annotated[
        bool, typer.Option("--discoverable", help="Let people outside see the group's card.")
    ] = False,
    nickname: NicknameOption = None,
    op_id: OpIdOption = None,
) -> None:
    """Found a group and become its owner.

    \b
    Example:
      $ qunzu group create "The Tea Table" --category hobby
    """
    from server.wire.verbs.group import CREATE_GROUP, CreateGroupParams

    checked = CreateGroupParams.model_validate(
        {
            "name": name,
            "introduction": introduction,
            "category": category,
            "cap": cap,
            "discoverable": discoverable,
            "nickname": nickname,
            "client_op_id": op_id or ask.op_id(),
        }
    )
    async with ask.account() as client:
        created = await client.call(CREATE_GROUP, checked)
    ask.out.say(f"{created.group.name} is founded. Others join with its id: qunzu group join ID")
    ask.out.data(created, created.group.group)


@app.command("list")
@asks_server
async def list_(ask: Ask) -> None:
    """List your groups with role, members and unread messages.

    \b
    Example:
      $ qunzu group list
      $ qunzu group list --json
    """
    from client_tui.labels import role_label
    from server.wire.verbs.group import LIST_GROUPS, ListGroupsParams

    async with ask.account() as client:
        listed = await client.call(LIST_GROUPS, ListGroupsParams())
    lines = [
        f"{it.group.group}  {it.group.name}  {role_label(it.me.role)}  "
        f"{_members(it.members)}  {it.unread} unread"
        for it in listed.groups
    ]
    owned = sum(it.me.role == "owner" for it in listed.groups)
    ask.out.say(f"in {len(lines)} of {listed.joined_of} groups, owning {owned} of {listed.owned_of}")
    if lines or ask.out.as_json:
        ask.out.data(listed, "\n".join(lines))


def _members(count: int) -> str:
    return "1 member" if count == 1 else f"{count} members"


@app.command()
@asks_server
async def info(ask: Ask, group: GroupArgument) -> None:
    """Show a group's card: name, what it is about, size, your role.

    \b
    Example:
      $ qunzu group info G-7K2M9Q4XW0
    """
    from client_tui.labels import category_word, role_label
    from server.wire.verbs.group import GET_GROUP, GetGroupParams

    checked = GetGroupParams.model_validate({"group": group})
    async with ask.account() as client:
        card = await client.call(GET_GROUP, checked)
    view = card.group
    rows = {
        "name": view.name,
        "id": view.group,
        "about": view.introduction,
        "category": category_word(view.category),
        "members": f"{card.members_band if card.members is None else card.members} (at most {view.cap})",
        "your role": role_label(card.role) if card.role else "not a member",
        "status": view.status,
        "since": view.created_month,
    }
    ask.out.data(card, "\n".join(f"{key:<10} {value}" for key, value in rows.items() if value))


@app.command()
@asks_server
async def join(
    ask: Ask, group: GroupArgument, nickname: NicknameOption = None, op_id: OpIdOption = None
) -> None:
    """Join a group by its id.

    \b
    Example:
      $ qunzu group join G-7K2M9Q4XW0 --nickname "Two Sugars"
    """
    from client_tui.labels import role_label
    from server.wire.verbs.group import JOIN_GROUP, JoinGroupParams

    params = {"group": group, "nickname": nickname, "client_op_id": op_id or ask.op_id()}
    checked = JoinGroupParams.model_validate(params)
    async with ask.account() as client:
        joined = await client.call(JOIN_GROUP, checked)
    me = joined.me
    ask.out.data(
        joined, f"{me.nickname} {role_label(me.role)} is in {joined.group.name} ({joined.group.group})."
    )


@app.command()
@asks_server
async def leave(ask: Ask, group: GroupArgument, op_id: OpIdOption = None) -> None:
    """Leave a group. The last one to leave closes it, and its id is never used again.

    \b
    Example:
      $ qunzu group leave G-7K2M9Q4XW0
    """
    from server.wire.verbs.group import LEAVE_GROUP, LeaveGroupParams

    params = {"group": group, "client_op_id": op_id or ask.op_id()}
    checked = LeaveGroupParams.model_validate(params)
    async with ask.account() as client:
        left = await client.call(LEAVE_GROUP, checked)
    ask.out.data(left, "You left, and the group is closed." if left.closed else "You left.")
