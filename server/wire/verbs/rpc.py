"""The protocol about itself."""

from __future__ import annotations

from pydantic import ConfigDict

from server.wire.verb import Effect, Scope, Verb
from server.wire.vocabulary import Params, WireModel


class DiscoverParams(Params):
    pass


class OpenRpcDocument(WireModel):
    """An OpenRPC 1.3 document; ``/openrpc.json`` serves the same bytes."""

    model_config = ConfigDict(frozen=True, extra="allow")


DISCOVER = Verb(
    name="rpc.discover",
    params=DiscoverParams,
    result=OpenRpcDocument,
    scope=Scope.ANYONE,
    effect=Effect.OWN,
    identified=None,
    rate="anonymous",
    operation=None,
    clauses=(),
    summary="Describe every method, its parameters, its permission and the clauses behind it.",
)
