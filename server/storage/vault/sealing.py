"""Envelope encryption: a key per person, wrapped by a master key; every field bound to its place.

AES-256-GCM throughout, as ``nonce (12 bytes) || ciphertext || tag``. The associated data names record and
field, so a ciphertext moved to another row or column does not open. Destroying the wrapped key destroys
everything sealed under it.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from server.ports import Secrets
from server.storage.vault.keys import DigestPurpose, MasterKeys

_NONCE_BYTES = 12


class SealBroken(Exception):
    """A ciphertext that does not open: wrong key, wrong place, or changed bytes."""


@dataclass(frozen=True, slots=True)
class WrappedKey:
    key_id: str
    blob: bytes


class Sealer:
    def __init__(self, keys: MasterKeys, secrets: Secrets) -> None:
        self._keys, self._secrets = keys, secrets

    def new_key(self, record: str) -> tuple[bytes, WrappedKey]:
        """A fresh data key for a record, and its wrapped form to store."""
        key = self._secrets.bytes(32)
        key_id = self._keys.current
        return key, WrappedKey(
            key_id, self._seal(self._keys.wrapping[key_id], key, _bound_key(record, key_id))
        )

    def unwrap(self, record: str, wrapped: WrappedKey) -> bytes:
        master = self._keys.wrapping.get(wrapped.key_id)
        if master is None:
            raise SealBroken(f"no master key {wrapped.key_id}")
        return _open(master, wrapped.blob, _bound_key(record, wrapped.key_id))

    def seal(self, key: bytes, record: str, field: str, plaintext: bytes) -> bytes:
        return self._seal(key, plaintext, _bound_field(record, field))

    def open(self, key: bytes, record: str, field: str, sealed: bytes) -> bytes:
        return _open(key, sealed, _bound_field(record, field))

    def digest(self, purpose: DigestPurpose, value: str) -> bytes:
        """A keyed digest for equality checks. Without the key it says nothing, small as the space may be."""
        return hmac.digest(self._keys.digest[purpose], value.encode(), "sha256")

    def _seal(self, key: bytes, plaintext: bytes, bound: bytes) -> bytes:
        nonce = self._secrets.bytes(_NONCE_BYTES)
        return nonce + AESGCM(key).encrypt(nonce, plaintext, bound)


def _open(key: bytes, sealed: bytes, bound: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], bound)
    except (InvalidTag, ValueError):
        raise SealBroken("it does not open with this key in this place") from None


def _bound_key(record: str, key_id: str) -> bytes:
    return f"data-key|{record}|{key_id}".encode()


def _bound_field(record: str, field: str) -> bytes:
    return f"field|{record}|{field}".encode()
