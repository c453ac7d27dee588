"""What is left on the disk of what was taken back: nothing that its key could open again."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from tests.protocol.conftest import Folk


@pytest.mark.clause("CG-06.4")
async def test_a_withdrawn_identity_leaves_no_sealed_byte_behind(folk: Folk, tmp_path: Path) -> None:
    """CG-06.4: the wrapped key is what a thief of the files needs beside the master key. When the identity is
    withdrawn it is in no file, the write-ahead log included."""
    ann = await folk.verified("ann")
    data = tmp_path / "data"
    with sqlite3.connect(f"file:{data / 'vault.db'}?mode=ro", uri=True) as vault:
        sealed = vault.execute("select wrapped_key, legal_name, number from vault_record").fetchone()
    vault.close()
    assert len(sealed) == 3
    assert all(any(part in path.read_bytes() for path in data.glob("vault.db*")) for part in sealed)
    await ann.call("identity.withdraw")
    left = [
        path.name
        for path in data.rglob("*")
        if path.is_file()
        for part in sealed
        if part in path.read_bytes()
    ]
    assert left == []
