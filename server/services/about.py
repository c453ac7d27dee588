"""What the server says about itself: to people, and to programs."""

from __future__ import annotations

from policies.texts import load_text, versions
from server.services.contexts import Owning
from server.services.handlers import owns
from server.wire.openrpc import document
from server.wire.verbs.rpc import DISCOVER, DiscoverParams, OpenRpcDocument
from server.wire.verbs.server import ABOUT, About, AboutParams
from server.wire.verbs.session import PROTOCOL


@owns(ABOUT)
async def about_server(ctx: Owning, params: AboutParams) -> About:
    return About(
        name="Qunzu",
        version=ctx.world.version,
        protocol=PROTOCOL,
        simulation=True,
        policy=ctx.world.policy_hash,
        profile=ctx.world.profile,
        limits=ctx.world.limits(),
        role_labels=dict(ctx.policy.roles.labels),
        notice=load_text("notice", versions("notice")[-1], params.locale).body,
        about=load_text("about", versions("about")[-1], params.locale).body,
        server_time=ctx.world.clock.now(),
    )


@owns(DISCOVER)
async def discover(ctx: Owning, params: DiscoverParams) -> OpenRpcDocument:
    return OpenRpcDocument.model_validate(document(ctx.policy, ctx.world.version))
