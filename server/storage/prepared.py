"""Statements of the message path: compiled once for each dialect, then run with rows as they come.

SQLAlchemy looks a statement up, builds its parameters and a context on every call, some 100 µs; a message
runs half a dozen. What is kept here is SQLAlchemy's own rendering and its own conversion of values, run by
the driver's cursor within SQLAlchemy's transaction; a driver's errors come as SQLAlchemy's. So a statement
means the same as when it is executed the usual way, on both engines.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Dialect, Insert, Table, Update, insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler

_Convert = Callable[[Any], Any]


class _Ready:
    """One statement for one dialect: its text, the order of its values, what is to be converted."""

    def __init__(self, statement: Insert | Update, names: Sequence[str], dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect, column_keys=list(names))
        assert isinstance(compiled, SQLCompiler)
        assert compiled.positiontup is not None, "both drivers take values by position"
        self.sql = compiled.string
        self._pick = itemgetter(*compiled.positiontup)
        binds = {name: bind.type for bind, name in compiled.bind_names.items()}
        self._converts: list[tuple[int, _Convert]] = []
        for place, name in enumerate(compiled.positiontup):
            convert = binds[name].dialect_impl(dialect).bind_processor(dialect)
            if convert is not None:
                self._converts.append((place, convert))

    def values(self, rows: Sequence[dict[str, Any]]) -> list[tuple[Any, ...]]:
        if not self._converts:
            return [self._pick(row) for row in rows]
        found = []
        for row in rows:
            values = list(self._pick(row))
            for place, convert in self._converts:
                values[place] = convert(values[place])
            found.append(tuple(values))
        return found


_ready: dict[tuple[str, Table | Update], _Ready] = {}


def insert_rows(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows that all have the same keys."""
    _run(connection, table, rows)


def update_rows(connection: Connection, statement: Update, rows: Sequence[dict[str, Any]]) -> None:
    """Run an update once for each row of its named parameters."""
    _run(connection, statement, rows)


def fetch(connection: Connection, sql: str, values: Sequence[Any]) -> list[Any]:
    """The rows of a query written for the driver: values stand and come as the driver has them."""
    return _drive(connection, sql, values, many=False)


def pairs(dialect: Dialect, count: int) -> str:
    """``(?,?),(?,?)`` for ``count`` pairs, in the dialect's own writing of parameters."""
    if dialect.paramstyle == "numeric_dollar":
        return ",".join(f"(${2 * number + 1}::text,${2 * number + 2}::text)" for number in range(count))
    return ",".join(["(?,?)"] * count)


def _run(connection: Connection, what: Table | Update, rows: Sequence[dict[str, Any]]) -> None:
    key = (connection.dialect.name, what)
    ready = _ready.get(key)
    if ready is None:
        statement = insert(what) if isinstance(what, Table) else what
        names = list(rows[0]) if isinstance(what, Table) else []
        ready = _ready[key] = _Ready(statement, names, connection.dialect)
    _drive(connection, ready.sql, ready.values(rows), many=True)


def _drive(connection: Connection, sql: str, values: Sequence[Any], *, many: bool) -> list[Any]:
    faults = connection.dialect.loaded_dbapi.Error
    cursor = connection.connection.cursor()
    try:
        if many:
            cursor.executemany(sql, values)
            return []
        cursor.execute(sql, values)
        return list(cursor.fetchall())
    except faults as error:
        # No parameters: they are what people wrote.
        raise DBAPIError.instance(
            sql, None, error, faults, hide_parameters=True, dialect=connection.dialect
        ) from error
    finally:
        cursor.close()
