"""Every verb of the protocol, one file per noun. ``VERBS`` is the whole list, in order of declaration."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from server.wire.verb import Verb, declared
from server.wire.verbs import account, group, identity, message, rpc, rules, server, session  # noqa: F401

VERBS: Mapping[str, Verb[Any, Any]] = MappingProxyType(declared)
