"""What others on the same machine can read of a server's files: nothing, whatever the umask."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from server.main import Server
from tests.conftest import config_for
from tests.fakes import PlainHasher
from tests.protocol.conftest import Gather


@pytest.mark.clause("CG-06.4")
async def test_files_of_a_running_server_are_their_owners_alone(tmp_path: Path, gather: Gather) -> None:
    """CG-06.4: in a data directory that others may enter, no file that holds data is open to them."""
    (tmp_path / "data").mkdir(mode=0o755)
    before = os.umask(0o000)
    try:
        async with Server(config_for(tmp_path), hasher=PlainHasher()) as server:
            ann = await (await gather(server)).verified("ann")
            await ann.says(await ann.founds(), "for members only")
            modes = {
                path.name: stat.S_IMODE(path.stat().st_mode)
                for path in (tmp_path / "data").rglob("*")
                if path.is_file() and path.stat().st_size
            }
            await ann.aclose()
    finally:
        os.umask(before)
    assert {"front.db", "front.db-wal", "vault.db", "vault.db-wal", "vault.json"} <= modes.keys()
    assert {name: oct(mode) for name, mode in modes.items() if mode & 0o077} == {}
