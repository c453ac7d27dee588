"""Where settings come from, and that nothing mistyped is passed over."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.config import (
    Config,
    ConfigError,
    describe,
    load_config,
    mask_password,
    setting_names,
    variable_of,
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "qunzu.toml"
    path.write_text('data_dir = "kept"\n\n[listen]\nport = 1000\nhost = "::1"\n\n[log]\nlevel = "error"\n')
    return path


def refusal(path: Path | None = None, env: dict[str, str] | None = None, **arguments: object) -> str:
    with pytest.raises(ConfigError) as caught:
        load_config(path, env or {}, **arguments)
    return str(caught.value)


def test_argument_wins_over_variable_wins_over_file_wins_over_default(file: Path) -> None:
    env = {"QUNZU_LISTEN__PORT": "2000", "QUNZU_LOG__LEVEL": "warning"}
    config = load_config(file, env, listen={"port": 3000})
    assert config.listen.port == 3000
    assert config.log.level == "warning"
    assert config.listen.host == "::1"
    assert config.log.format == "json"


def test_every_value_says_where_it_came_from(file: Path) -> None:
    shown = {
        setting.key: setting.source
        for setting in describe(load_config(file, {"QUNZU_LOG__LEVEL": "debug"}, listen={"port": 0}))
    }
    assert shown["listen.port"] == "argument"
    assert shown["log.level"] == "QUNZU_LOG__LEVEL"
    assert shown["listen.host"] == f"{file}:5"
    assert shown["log.format"] == "default"


def test_an_argument_that_was_not_given_changes_nothing(file: Path) -> None:
    config = load_config(file, {}, listen={"port": None, "host": None}, data_dir=None)
    assert (config.listen.port, config.data_dir) == (1000, Path("kept"))


def test_the_environment_can_name_the_file(file: Path) -> None:
    assert load_config(env={"QUNZU_CONFIG": str(file)}).listen.port == 1000


def test_a_missing_file_is_an_error_that_names_its_neighbour(file: Path) -> None:
    message = refusal(file.with_name("qunzo.toml"))
    assert "qunzo.toml: there is no such configuration file; nearest is qunzu.toml" in message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[listen]\nprot = 1\n", ":2: listen.prot: unknown key; nearest is listen.port"),
        ("\n[lisen]\nport = 1\n", ":2: lisen: unknown key; nearest is listen"),
        ("[listen]\nport = 70000\n", ":2: listen.port: "),
        ("[listen]\nport = = 1\n", ":2: is not TOML"),
        ('[database]\nurl = "mysql://here"\n', ":2: database.url: must begin with sqlite+aiosqlite://"),
        ("simulation = false\n", ":1: simulation: "),
    ],
)
def test_a_wrong_file_is_refused_with_line_and_nearest_key(file: Path, text: str, expected: str) -> None:
    file.write_text(text)
    assert f"{file}{expected}" in refusal(file)


@pytest.mark.parametrize(
    ("variable", "nearest"),
    [
        ("QUNZU_LISTEN__PROT", "QUNZU_LISTEN__PORT"),
        ("QUNZU_LISTEN_PORT", "QUNZU_LISTEN__PORT"),
        ("QUNZU_PASWORD", "QUNZU_PASSWORD"),
        ("qunzu_log__level", "QUNZU_LOG__LEVEL"),
        ("QUNZU_POLICY_PROFILE", "QUNZU_POLICY__PROFILE"),
    ],
)
def test_a_misspelt_variable_is_refused_with_the_nearest_one(variable: str, nearest: str) -> None:
    assert refusal(env={variable: "1"}) == f"{variable}: unknown variable; nearest is {nearest}"


def test_variables_of_the_clients_and_of_other_programs_are_nobodys_business() -> None:
    load_config(env={"QUNZU_PASSWORD": "a long secret", "QUNZU_URL": "ws://x", "PATH": "/bin", "LISTEN": "1"})


def test_a_wrong_value_in_a_variable_names_the_variable() -> None:
    assert refusal(env={"QUNZU_LISTEN__PORT": "many"}).startswith("QUNZU_LISTEN__PORT: listen.port: ")


def test_all_that_is_wrong_is_told_at_once(file: Path) -> None:
    file.write_text("[listen]\nprot = 1\n[log]\nlevel = 'loud'\n")
    assert len(refusal(file, {"QUNZU_LISEN__PORT": "1"}).splitlines()) == 3


def test_policy_overrides_keep_their_types() -> None:
    config = load_config(env={"QUNZU_POLICY__OVERRIDES__CAPS__GROUP_MEMBERS": "20"})
    assert config.policy.overrides == {"caps": {"group_members": 20}}


def test_identities_need_a_database_of_their_own() -> None:
    same = "sqlite+aiosqlite:///both.db"
    assert "identities need their own" in refusal(database={"url": same}, vault={"url": same})


def test_without_urls_everything_lies_in_the_data_directory(tmp_path: Path) -> None:
    config = Config(data_dir=tmp_path)
    assert config.database_url == f"sqlite+aiosqlite:///{tmp_path}/front.db"
    assert config.vault_url == f"sqlite+aiosqlite:///{tmp_path}/vault.db"
    assert config.vault_key_file == tmp_path / "keys" / "vault.json"


def test_the_default_data_directory_follows_the_persons_own_setting(tmp_path: Path) -> None:
    assert load_config(env={"XDG_DATA_HOME": str(tmp_path)}).data_dir == tmp_path / "qunzu"


def test_no_password_is_shown_or_told(file: Path) -> None:
    url = "postgresql+asyncpg://qunzu:hunter@2:2@db.example/qunzu?password=hunter2&ssl=on"
    assert mask_password(url) == "postgresql+asyncpg://qunzu:***@db.example/qunzu?password=***&ssl=on"
    settings = describe(load_config(env={}, database={"url": url}))
    assert not any("hunter" in str(setting.value) for setting in settings)
    assert "hunter" not in refusal(database={"url": "mysql://qunzu:hunter2@db.example"})


def test_every_setting_has_a_variable_and_can_be_seen() -> None:
    shown = {setting.key for setting in describe(load_config(env={}))}
    assert shown == set(setting_names())
    assert variable_of("vault.key_file") == "QUNZU_VAULT__KEY_FILE"
