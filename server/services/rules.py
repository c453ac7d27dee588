"""Rules and agreements, readable by anybody in every version (CG-05.3)."""

from __future__ import annotations

from policies.model import ClauseId
from policies.texts import UnknownText, compare, load_text, versions
from server.services.contexts import Owning
from server.services.handlers import owns
from server.wire.errors import NotFound
from server.wire.verbs.rules import (
    COMPARE_RULES,
    SHOW_RULES,
    CompareRulesParams,
    RulesComparison,
    RulesText,
    ShowRulesParams,
)


@owns(SHOW_RULES)
async def show_rules(ctx: Owning, params: ShowRulesParams) -> RulesText:
    known = versions(params.document)
    try:
        text = load_text(params.document, params.version or known[-1], params.locale)
    except UnknownText:
        raise NotFound("text_not_found", clause=ClauseId("CG-05.3"), versions=list(known)) from None
    return RulesText(
        document=params.document,
        locale=params.locale,
        version=text.version,
        date=str(text.date),
        effective=str(text.effective),
        sha256=text.sha256,
        title=text.title,
        body=text.body,
        versions=list(known),
    )


@owns(COMPARE_RULES)
async def compare_rules(ctx: Owning, params: CompareRulesParams) -> RulesComparison:
    try:
        diff = compare(params.document, params.from_version, params.to_version, params.locale)
    except UnknownText:
        known = list(versions(params.document))
        raise NotFound("text_not_found", clause=ClauseId("CG-05.3"), versions=known) from None
    return RulesComparison(
        document=params.document,
        locale=params.locale,
        from_version=params.from_version,
        to_version=params.to_version,
        diff=diff,
    )
