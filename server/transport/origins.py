"""Where a connection comes from (SA-05.3 d to f): the address we saw, unless a trusted proxy says more."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from websockets.asyncio.server import ServerConnection

from server.storage.log_rows import Origin


def origin_of(socket: ServerConnection, trusted_proxies: Sequence[str]) -> Origin:
    """The peer's address and port. Behind a trusted proxy: the last address in ``X-Forwarded-For`` that is
    not itself a trusted proxy, and no port, because the header does not carry one (SA-05.3f)."""
    address, port = _host_port(socket.remote_address)
    local_address, local_port = _host_port(socket.local_address)
    destination = f"{local_address}:{local_port}"
    if _is_within(address, trusted_proxies):
        forwarded = socket.request.headers.get_all("X-Forwarded-For") if socket.request else []
        hops = [hop.strip() for line in forwarded for hop in line.split(",")]
        for hop in reversed(hops):
            if not _is_address(hop):
                break  # a proxy we trust does not write nonsense; believe nothing beyond it
            if not _is_within(hop, trusted_proxies):
                return Origin(hop, None, destination)
    return Origin(address, port, destination)


def _host_port(name: tuple[str, int] | tuple[str, int, int, int] | None) -> tuple[str, int]:
    return ("unknown", 0) if not name else (name[0], name[1])


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _is_within(address: str, networks: Sequence[str]) -> bool:
    return _is_address(address) and any(
        ipaddress.ip_address(address) in ipaddress.ip_network(network) for network in networks
    )
