"""Rules, agreement and notices: readable by anybody, in every version (CG-05.3)."""

from __future__ import annotations

from policies.model import ClauseId
from server.wire.verb import Effect, Scope, Verb
from server.wire.vocabulary import Document, Locale, Params, Version, WireModel


class ShowRulesParams(Params):
    document: Document = "rules"
    locale: Locale = "en"
    version: Version | None = None
    """None means the newest."""


class RulesText(WireModel):
    document: Document
    locale: Locale
    version: str
    date: str
    effective: str
    """The day it takes effect: a change that burdens people waits out the notice period."""
    sha256: str
    """Of the body in UTF-8: what an acceptance refers to."""
    title: str
    body: str
    """Markdown."""
    versions: list[str]


class CompareRulesParams(Params):
    document: Document = "rules"
    locale: Locale = "en"
    from_version: Version
    to_version: Version


class RulesComparison(WireModel):
    document: Document
    locale: Locale
    from_version: str
    to_version: str
    diff: str
    """Line by line: ``-`` went, ``+`` came."""


SHOW_RULES = Verb(
    name="rules.show",
    params=ShowRulesParams,
    result=RulesText,
    scope=Scope.ANYONE,
    effect=Effect.OWN,
    identified=None,
    rate="anonymous",
    operation=None,
    clauses=(ClauseId("CG-05.3"), ClauseId("CG-05.4")),
    summary="Read the rules, the convention, the agreement or a notice, in any version.",
)

COMPARE_RULES = Verb(
    name="rules.compare",
    params=CompareRulesParams,
    result=RulesComparison,
    scope=Scope.ANYONE,
    effect=Effect.OWN,
    identified=None,
    rate="anonymous",
    operation=None,
    clauses=(ClauseId("CG-05.3"),),
    summary="Show what changed between two versions of a document.",
)
