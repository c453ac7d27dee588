"""Sealed fields: opened with the right key, in the right place, unchanged, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.storage.vault.keys import MasterKeys
from server.storage.vault.sealing import SealBroken, Sealer, WrappedKey
from tests.storage.chance import CountingSecrets

ANN, BOB = "A-ANN", "A-BOB"


def keys(seed: str = "", current: str = "k1") -> MasterKeys:
    secrets = CountingSecrets(seed)
    return MasterKeys(current, {current: secrets.bytes(32)}, {"duplicate_check": secrets.bytes(32)})


@pytest.fixture
def sealer() -> Sealer:
    return Sealer(keys(), CountingSecrets("nonces"))


@given(st.binary(max_size=200))
def test_what_was_sealed_opens(plaintext: bytes) -> None:
    sealer = Sealer(keys(), CountingSecrets("nonces"))
    key, wrapped = sealer.new_key(ANN)
    sealed = sealer.seal(key, ANN, "number", plaintext)
    assert sealer.open(sealer.unwrap(ANN, wrapped), ANN, "number", sealed) == plaintext
    assert len(sealed) == 12 + len(plaintext) + 16


def test_the_same_words_sealed_twice_do_not_look_alike(sealer: Sealer) -> None:
    key, _ = sealer.new_key(ANN)
    sealed = {sealer.seal(key, ANN, "legal_name", "测试甲".encode()) for _ in range(50)}
    assert len({blob[:12] for blob in sealed}) == 50
    assert len({blob[12:] for blob in sealed}) == 50


def test_one_changed_bit_anywhere_breaks_the_seal(sealer: Sealer) -> None:
    key, wrapped = sealer.new_key(ANN)
    sealed = sealer.seal(key, ANN, "number", b"000000199001010018")
    for place in range(8 * len(sealed)):
        with pytest.raises(SealBroken):
            sealer.open(key, ANN, "number", flipped(sealed, place))
    for place in range(8 * len(wrapped.blob)):
        with pytest.raises(SealBroken):
            sealer.unwrap(ANN, WrappedKey(wrapped.key_id, flipped(wrapped.blob, place)))


def flipped(blob: bytes, bit: int) -> bytes:
    changed = bytearray(blob)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


@pytest.mark.parametrize("cut", [0, 1, 11, 12, 27, 28])
def test_a_piece_of_a_seal_is_no_seal(sealer: Sealer, cut: int) -> None:
    key, _ = sealer.new_key(ANN)
    with pytest.raises(SealBroken):
        sealer.open(key, ANN, "number", sealer.seal(key, ANN, "number", b"000000199001010018")[:cut])


@pytest.mark.parametrize(("record", "field"), [(BOB, "number"), (ANN, "legal_name"), (ANN, "phone")])
def test_a_seal_opens_in_its_own_place_only(sealer: Sealer, record: str, field: str) -> None:
    key, _ = sealer.new_key(ANN)
    sealed = sealer.seal(key, ANN, "number", b"000000199001010018")
    with pytest.raises(SealBroken):
        sealer.open(key, record, field, sealed)


def test_a_key_opens_its_own_record_only(sealer: Sealer) -> None:
    key, wrapped = sealer.new_key(ANN)
    with pytest.raises(SealBroken):
        sealer.unwrap(BOB, wrapped)
    other, _ = sealer.new_key(ANN)
    assert other != key
    with pytest.raises(SealBroken):
        sealer.open(other, ANN, "number", sealer.seal(key, ANN, "number", b"x"))


def test_another_master_key_opens_nothing(sealer: Sealer) -> None:
    _, wrapped = sealer.new_key(ANN)
    for stranger in (keys("other"), keys("other", current="k2")):
        with pytest.raises(SealBroken):
            Sealer(stranger, CountingSecrets()).unwrap(ANN, wrapped)


def test_an_older_key_that_is_still_in_the_file_still_opens(sealer: Sealer) -> None:
    key, wrapped = sealer.new_key(ANN)
    first, second = keys(), keys("newer", current="k2")
    both = MasterKeys("k2", {**first.wrapping, **second.wrapping}, first.digest)
    rotated = Sealer(both, CountingSecrets("later"))
    assert rotated.unwrap(ANN, wrapped) == key
    assert rotated.new_key(ANN)[1].key_id == "k2"


def test_a_digest_says_equal_or_not_and_needs_the_key(sealer: Sealer) -> None:
    one = sealer.digest("duplicate_check", "resident_id|000000199001010018")
    assert one == sealer.digest("duplicate_check", "resident_id|000000199001010018")
    assert one != sealer.digest("duplicate_check", "resident_id|000000200002290010")
    assert one != Sealer(keys("other"), CountingSecrets()).digest(
        "duplicate_check", "resident_id|000000199001010018"
    )
    assert len(one) == 32


def test_a_broken_seal_says_nothing_of_what_was_inside(sealer: Sealer, tmp_path: Path) -> None:
    key, _ = sealer.new_key(ANN)
    with pytest.raises(SealBroken) as broken:
        sealer.open(key, BOB, "number", sealer.seal(key, ANN, "number", b"000000199001010018"))
    assert "0000001990" not in f"{broken.value!r} {broken.value.__cause__!r}"
