"""What the server says about itself to anybody."""

from __future__ import annotations

from policies.model import ClauseId
from server.wire.models import Limits
from server.wire.verb import Effect, Scope, Verb
from server.wire.vocabulary import Locale, Moment, Params, Role, WireModel


class AboutParams(Params):
    locale: Locale = "en"


class About(WireModel):
    name: str
    version: str
    protocol: int
    simulation: bool
    """True: a teaching server with synthetic identities that talks to no authority."""
    policy: str
    """Hash of the effective policy; stored with every decision."""
    profile: str
    limits: Limits
    role_labels: dict[Role, str]
    """The text shown beside a name for each role (CG-08.8)."""
    notice: str
    """INV-14: what is encrypted and what is not, who can read what, and for how long."""
    about: str
    """What the rules are, what is criticised in them, and that this is a simulation."""
    server_time: Moment


ABOUT = Verb(
    name="server.about",
    params=AboutParams,
    result=About,
    scope=Scope.ANYONE,
    effect=Effect.OWN,
    identified=None,
    rate="anonymous",
    operation=None,
    clauses=(ClauseId("INV-14"), ClauseId("NW-03.1")),
    summary="Say what this server is, who can read what, and the limits it keeps.",
)
