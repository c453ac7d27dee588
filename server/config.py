"""How one server is set up: where it listens, where it keeps things, which policy it obeys. Decides no rule.

A value is taken from the first place that has it: an argument, an environment variable ``QUNZU_…`` (``__``
between section and key), the TOML file, the default. A missing file, an unknown key and a misspelt variable
are errors: a setting that is ignored in silence makes a server do something else than its operator believes.
"""

from __future__ import annotations

import difflib
import json
import os
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal, NamedTuple

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from policies.loader import Problem
from policies.toml_lines import line_of

PREFIX: Final = "QUNZU_"
OTHER_VARIABLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "QUNZU_CONFIG": "the TOML file to read, like --config",
        "QUNZU_URL": "the server that client commands talk to, like --url",
        "QUNZU_HANDLE": "the handle that client commands log in with, like --handle",
        "QUNZU_PASSWORD": "its password; there is no need to write it on a command line",
        "QUNZU_TOKEN": "a session token in place of handle and password, like --token",
        "QUNZU_CREDENTIALS": "the file with remembered sessions, like --credentials",
        "QUNZU_REQUIRE_SERVICES": "1 makes tests fail where they would skip for want of a service",
        "QUNZU_TEST_OPENRPC": "the OpenRPC meta-schema, as its npm package has it, that a test may use",
        "QUNZU_TEST_POSTGRES": "the PostgreSQL that storage tests may use",
    }
)
"""Variables of ours that are no settings of the server. Known here, so that a misspelt one is noticed."""

_SCHEMES: Final = ("sqlite+aiosqlite:///", "postgresql+asyncpg://")


class ConfigError(ValueError):
    """The configuration cannot be used. One line of text, and one Problem, for each thing that is wrong."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: Final = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


def _database_url(url: str) -> str:
    if not url.startswith(_SCHEMES):
        raise ValueError(f"must begin with {' or '.join(_SCHEMES)}")
    return url


DatabaseUrl = Annotated[str, AfterValidator(_database_url)]


class _Section(BaseModel):
    # Input is kept out of error texts: a database URL may hold a password.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Listen(_Section):
    host: str = "127.0.0.1"
    """The loopback address by default: nothing is reachable from outside unless somebody says so."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8765
    """0 takes a free port; the ready line says which."""


class Database(_Section):
    url: DatabaseUrl | None = None
    """The front stage. None: the SQLite file ``front.db`` in ``data_dir``."""


class Vault(_Section):
    """Clause CG-06.1: identities are kept apart, and their key apart from them."""

    url: DatabaseUrl | None = None
    """None: the SQLite file ``vault.db`` in ``data_dir``."""
    key_file: Path | None = None
    """The master key. None: ``keys/vault.json`` in ``data_dir``. Never inside the database."""


class PolicyChoice(_Section):
    profile: str = "demo"
    """A profile that ships (demo, reference, test), or a path that ends in ``.toml``."""
    overrides: dict[str, Any] = {}
    """Single values over the profile, nested as the profile is. Floors of law hold here too."""


class Log(_Section):
    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["json", "console"] = "json"


class Config(BaseSettings):
    """Everything a server needs to know before it starts. Frozen.

    Built directly it reads nothing from the machine; ``load_config`` is the one that looks around.
    """

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        nested_model_default_partial_update=False,
        hide_input_in_errors=True,
    )

    listen: Listen = Listen()
    data_dir: Path
    """Databases and keys. A relative path counts from the working directory."""
    database: Database = Database()
    vault: Vault = Vault()
    policy: PolicyChoice = PolicyChoice()
    log: Log = Log()
    seed: int | None = None
    """Makes a demonstration repeatable: the same seed gives the same ids. They can be guessed then, so it is
    for nobody else's talk."""
    simulation: Literal[True] = True
    """Always true: synthetic identities, no authority on the other end. A setting only so that it is seen."""

    _sources: dict[str, str] = PrivateAttr(default_factory=dict)

    @model_validator(mode="after")
    def _two_databases(self) -> Config:
        if self.vault_url == self.database_url:
            raise ValueError("database.url and vault.url name the same database; identities need their own")
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)

    @property
    def database_url(self) -> str:
        return self.database.url or f"sqlite+aiosqlite:///{self.data_dir / 'front.db'}"

    @property
    def vault_url(self) -> str:
        return self.vault.url or f"sqlite+aiosqlite:///{self.data_dir / 'vault.db'}"

    @property
    def vault_key_file(self) -> Path:
        return self.vault.key_file or self.data_dir / "keys" / "vault.json"


class Setting(NamedTuple):
    """One line of ``qunzu config show``. ``source`` is where the value came from, fit to be shown."""

    key: str
    value: str | int | bool
    source: str


def default_data_dir(env: Mapping[str, str]) -> Path:
    """Where a person's programs keep their data: ``$XDG_DATA_HOME/qunzu``, or ``~/.local/share/qunzu``."""
    home = env.get("XDG_DATA_HOME")
    return (Path(home) if home else Path.home() / ".local" / "share") / "qunzu"


def load_config(path: Path | None = None, env: Mapping[str, str] | None = None, **arguments: Any) -> Config:
    """The configuration from arguments, environment, file and defaults, in this order.

    ``path`` None reads the file that ``QUNZU_CONFIG`` names, and no file if it names none. ``env`` None is
    the environment of this process. ``arguments`` are sections as nested mappings: ``listen={"port": 0}``;
    a None anywhere in them means "not said". Raises ConfigError with everything that is wrong.
    """
    env = os.environ if env is None else env
    if path is None and env.get("QUNZU_CONFIG"):
        path = Path(env["QUNZU_CONFIG"])
    text, written = _read(path) if path else ("", {})
    layers = _Layers(_said(arguments), _Environment(env)(), str(path), text, written)
    problems = list(_misspelt(env))
    values = _merged(_merged(written, layers.environment), layers.arguments)
    values.setdefault("data_dir", default_data_dir(env))
    try:
        config = Config(**values)
    except ValidationError as error:
        raise ConfigError(problems + [layers.problem(details) for details in error.errors()]) from None
    if problems:
        raise ConfigError(problems)
    config._sources.update((".".join(key), layers.source(key)) for key in _leaves(values))
    return config


def check_variables(env: Mapping[str, str]) -> None:
    """Raises ConfigError when a variable begins like ours and is none of ours: for commands that read no
    other configuration."""
    if problems := list(_misspelt(env)):
        raise ConfigError(problems)


def describe(config: Config) -> list[Setting]:
    """Every setting with the value in effect and its source. Passwords inside URLs are masked."""
    in_effect: dict[tuple[str, ...], Any] = {
        ("database", "url"): mask_password(config.database_url),
        ("vault", "url"): mask_password(config.vault_url),
        ("vault", "key_file"): config.vault_key_file,
    }
    rows = []
    for key in _leaves(config.model_dump()):
        value: Any = config
        for part in key:
            value = value[part] if isinstance(value, dict) else getattr(value, part)
        value = in_effect.get(key, value)
        shown = value if isinstance(value, int) else str(value)
        rows.append(Setting(".".join(key), shown, config._sources.get(".".join(key), "default")))
    return rows


def mask_password(url: str) -> str:
    """The URL with ``***`` for what stands between ``:`` and ``@``, and for a ``password`` in its query."""
    url = re.sub(r"(?<=://)([^/@:]*):.*@", r"\1:***@", url)
    return re.sub(r"(?<=[?&])(password|sslpassword)=[^&]*", r"\1=***", url)


def setting_names() -> tuple[str, ...]:
    """Every dotted key that may be set; below ``policy.overrides`` anything the policy knows."""
    return tuple(".".join(key) for key in _keys(Config))


def variable_of(key: str) -> str:
    """The environment variable of a dotted key: ``listen.port`` is ``QUNZU_LISTEN__PORT``."""
    return PREFIX + key.upper().replace(".", "__")


# --- where values come from --------------------------------------------------------------------------


class _Environment(EnvSettingsSource):
    """pydantic-settings' reading of variables, over any mapping rather than the process's own."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._ours = {name: value for name, value in env.items() if _is_setting(name)}
        super().__init__(Config)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return {name.lower(): value for name, value in self._ours.items()}

    def __call__(self) -> dict[str, Any]:
        values = super().__call__()
        # A policy takes exact types, and what a variable holds is text: read it as JSON where it is some.
        if overrides := values.get("policy", {}).get("overrides"):
            values["policy"]["overrides"] = _from_json(overrides)
        return values


def _is_setting(name: str) -> bool:
    return name in map(variable_of, setting_names()) or name.startswith(_OVERRIDES)


def _from_json(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _from_json(item) for key, item in value.items()}
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return value


_OVERRIDES: Final = "QUNZU_POLICY__OVERRIDES__"


class _Layers(NamedTuple):
    """The three places a value can stand in, kept so that a problem can say which one it was."""

    arguments: dict[str, Any]
    environment: dict[str, Any]
    file: str
    text: str
    written: dict[str, Any]

    def source(self, key: Sequence[str]) -> str:
        if _holds(self.arguments, key):
            return "argument"
        if _holds(self.environment, key):
            return variable_of(".".join(key))
        if _holds(self.written, key):
            line = line_of(self.text, key)
            return self.file if line is None else f"{self.file}:{line}"
        return "default"

    def problem(self, details: ErrorDetails) -> Problem:
        key = [part for part in details["loc"] if isinstance(part, str)]
        dotted = ".".join(key)
        if details["type"] == "extra_forbidden":
            text = f"unknown key{_nearest(dotted, [*setting_names(), *Config.model_fields])}"
        else:
            text = details["msg"].removeprefix("Value error, ")
        if not key:
            return Problem("configuration", None, "", text)
        in_file = not _holds(self.arguments, key) and not _holds(self.environment, key)
        if in_file and _holds(self.written, key):
            return Problem(self.file, line_of(self.text, key), dotted, text)
        return Problem(self.source(key), None, dotted, text)


def _read(path: Path) -> tuple[str, dict[str, Any]]:
    try:
        text = path.read_text(encoding="utf-8")
        return text, tomllib.loads(text)
    except FileNotFoundError:
        beside = [other.name for other in path.parent.glob("*.toml")] if path.parent.is_dir() else []
        text = f"there is no such configuration file{_nearest(path.name, beside)}"
        raise ConfigError([Problem(str(path), None, "", text)]) from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ConfigError([Problem(str(path), None, "", f"cannot be read: {reason}")]) from None
    except UnicodeDecodeError:
        raise ConfigError([Problem(str(path), None, "", "is not UTF-8 text")]) from None
    except tomllib.TOMLDecodeError as error:
        at_line = re.search(r"at line (\d+)", str(error))
        line = int(at_line.group(1)) if at_line else None
        raise ConfigError([Problem(str(path), line, "", f"is not TOML: {error}")]) from None


def _misspelt(env: Mapping[str, str]) -> Iterator[Problem]:
    """One problem for each variable that begins like ours and is none of ours."""
    known = [*map(variable_of, setting_names()), *OTHER_VARIABLES]
    for name in sorted(env):
        # Any case begins like ours: `qunzu_listen__port` would otherwise be ignored in silence on POSIX.
        if not name.upper().startswith(PREFIX) or name in OTHER_VARIABLES or _is_setting(name):
            continue
        yield Problem(name, None, "", f"unknown variable{_nearest(name.upper(), known)}")


def _nearest(name: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f"; nearest is {close[0]}" if close else ""


# --- nested mappings -------------------------------------------------------------------------------------


def _said(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments without what was not said: commands pass their options through as they are."""
    said = {key: _said(value) if isinstance(value, Mapping) else value for key, value in arguments.items()}
    return {key: value for key, value in said.items() if value is not None and value != {}}


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(below)
    for key, value in above.items():
        under = result.get(key)
        both = isinstance(under, Mapping) and isinstance(value, Mapping)
        result[key] = _merged(under, value) if both else value  # type: ignore[arg-type]
    return result


def _holds(values: Any, key: Sequence[str]) -> bool:
    for part in key:
        if not isinstance(values, Mapping) or part not in values:
            return False
        values = values[part]
    return True


def _leaves(values: Mapping[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for key, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, (*above, key))
        else:
            yield (*above, key)


def _keys(model: type[BaseModel], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _keys(field.annotation, (*above, name))
        else:
            yield (*above, name)
