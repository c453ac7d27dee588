"""What plain HTTP answers: the front page, health, metrics, the OpenRPC document. Nothing here needs a log-in
and nothing here knows a person."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined
from markdown_it import MarkdownIt
from prometheus_client import CollectorRegistry, generate_latest

from policies.texts import load_text, versions
from server.services.world import World
from server.wire.openrpc import document_bytes


@dataclass(frozen=True, slots=True)
class Page:
    status: int
    content_type: str
    body: bytes


class Pages:
    def __init__(
        self, world: World, metrics: CollectorRegistry, ready: Callable[[], Awaitable[dict[str, bool]]]
    ) -> None:
        self._world, self._metrics, self._ready = world, metrics, ready
        self._templates = Environment(
            loader=PackageLoader("server.transport"), autoescape=True, undefined=StrictUndefined
        )

    async def page(self, path: str) -> Page:
        match path:
            case "/":
                return self._front()
            case "/healthz":
                return _json(200, {"status": "alive"})
            case "/readyz":
                checks = await self._ready()
                return _json(200 if all(checks.values()) else 503, {"ready": all(checks.values())} | checks)
            case "/metrics":
                return Page(200, "text/plain; version=0.0.4; charset=utf-8", generate_latest(self._metrics))
            case "/openrpc.json":
                document = document_bytes(self._world.policy, self._world.version)
                return Page(200, "application/json; charset=utf-8", document)
            case _:
                return Page(404, "text/plain; charset=utf-8", b"Nothing here.\n")

    def _front(self) -> Page:
        about = {locale: load_text("about", versions("about")[-1], locale) for locale in ("en", "zh")}
        # The first line of a text repeats its title, which the page sets itself.
        parts = [(locale, it.title, _html(it.body.partition("\n")[2])) for locale, it in about.items()]
        body = self._templates.get_template("front.html").render(parts=parts, version=self._world.version)
        return Page(200, "text/html; charset=utf-8", body.encode())


def _html(markdown: str) -> str:
    """Our own texts as HTML; anything in them that looks like HTML is shown, not obeyed."""
    made: str = MarkdownIt("commonmark", {"html": False}).render(markdown)
    return made


def _json(status: int, value: Mapping[str, object]) -> Page:
    return Page(status, "application/json; charset=utf-8", json.dumps(value).encode())
