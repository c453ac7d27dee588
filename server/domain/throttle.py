"""Token buckets, one integer each (GCRA): the moment at which a bucket would be full again, in nanoseconds.

A bucket that is full needs no memory, so idle callers cost nothing. Integers, because with floats a bucket of
ten lets only nine through.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Hashable, Mapping

from policies.model import Rate as Bucket
from policies.model import RateClass

_MINUTE_NS = 60_000_000_000


def network_of(address: str) -> str:
    """Whom an address counts as. One IPv6 customer has 2^64 addresses and more: their first half counts."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return address
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.IPv6Address(int(parsed) >> 64 << 64))


class Throttle:
    """Every bucket of every caller. Keys are (caller, class); callers may be accounts, addresses, handles."""

    def __init__(self, rates: Mapping[RateClass, Bucket], *, sweep_at: int = 50_000) -> None:
        self._rates = {
            name: (interval := _MINUTE_NS // rate.per_minute, interval * (rate.burst - 1))
            for name, rate in rates.items()
        }
        self._full_at: dict[tuple[Hashable, RateClass], int] = {}
        self._sweep_at = self._threshold = sweep_at

    def spend(self, caller: Hashable, rate: RateClass, now_ns: int) -> int:
        """Take one token. 0 when there was one, else the nanoseconds to wait; a refusal takes nothing."""
        interval, tolerance = self._rates[rate]
        key = (caller, rate)
        full_at = max(self._full_at.get(key, 0), now_ns)
        if full_at - now_ns > tolerance:
            return full_at - now_ns - tolerance
        self._full_at[key] = full_at + interval
        if len(self._full_at) > self._threshold:
            self._forget_full_buckets(now_ns)
        return 0

    def _forget_full_buckets(self, now_ns: int) -> None:
        self._full_at = {key: full_at for key, full_at in self._full_at.items() if full_at > now_ns}
        # doubling keeps the sweep amortised when that many callers really are active
        self._threshold = max(self._sweep_at, 2 * len(self._full_at))
