"""Every place that hashes, signs or encrypts is on this list, with its reason. There are few."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.contracts.sources import ROOT, imports, modules

CRYPTOGRAPHIC = {"hashlib", "hmac", "cryptography", "argon2", "ssl", "crypt"}

ALLOWED: dict[str, tuple[set[str], str]] = {
    "policies/loader.py": ({"hashlib"}, "the hash of the effective policy, stored with every decision"),
    "policies/texts.py": ({"hashlib"}, "the digest of a document, which an acceptance refers to"),
    "server/cli/story/draws.py": ({"hashlib"}, "the same draws from the same seed in a demonstration"),
    "server/cli/story/evidence.py": ({"hashlib"}, "looks for digests of identities where none may be"),
    "server/storage/operations.py": (
        {"hmac"},
        "keyed fingerprint of a call without its secrets, to tell retries",
    ),
    "server/storage/sessions.py": ({"hashlib"}, "digest of a session token; the token itself is not kept"),
    "server/storage/vault/sealing.py": (
        {"hmac", "cryptography"},
        "seals identities, and makes the keyed digest that finds duplicates",
    ),
    "server/system.py": ({"argon2"}, "hashes passwords behind the port PasswordHasher"),
}


def used(path: Path) -> set[str]:
    return {name.split(".")[0] for name in imports(path)} & CRYPTOGRAPHIC


@pytest.mark.clause("INV-08", "INV-01")
def test_whoever_hashes_or_encrypts_is_on_the_list() -> None:
    """INV-01, INV-08: a digest of an identity number is as good as the number; few places can make one."""
    found = {
        path.as_posix(): used(path) for path in modules("server", "client_tui", "policies") if used(path)
    }
    assert [name for name, kinds in found.items() if not kinds <= ALLOWED.get(name, (set(), ""))[0]] == []


@pytest.mark.parametrize("name", ALLOWED)
def test_the_list_allows_nothing_that_is_not_needed(name: str) -> None:
    if (ROOT / name).exists():
        assert used(Path(name)) == ALLOWED[name][0]


def test_only_the_vault_can_decrypt() -> None:
    able = [path for path in modules("server", "client_tui", "policies") if "cryptography" in used(path)]
    assert [path.as_posix() for path in able] == ["server/storage/vault/sealing.py"]


def test_nobody_evaluates_text_or_unpickles_bytes() -> None:
    for path in modules("server", "client_tui", "policies"):
        assert not {"pickle", "marshal", "shelve"} & {name.split(".")[0] for name in imports(path)}, path
