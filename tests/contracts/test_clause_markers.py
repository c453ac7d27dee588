"""A test that shows a clause at work names it, and says in its docstring what of it is shown."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from policies.loader import load_catalogue
from tests.contracts.sources import modules, tree


def marked() -> Iterator[tuple[str, tuple[str, ...], str]]:
    """Place, clause ids and docstring of every test that carries the marker."""
    for path in modules("tests"):
        for node in ast.walk(tree(path)):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            for mark in node.decorator_list:
                if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.clause":
                    ids = tuple(ast.literal_eval(argument) for argument in mark.args)
                    yield f"{path}:{node.lineno}", ids, ast.get_docstring(node) or ""


def test_every_clause_that_a_test_names_is_in_the_catalogue() -> None:
    catalogue = load_catalogue()
    for place, ids, _ in marked():
        assert ids, place
        for clause in ids:
            catalogue.clause(clause)  # raises for one that nobody knows


def test_every_such_test_says_what_of_the_clause_it_shows() -> None:
    told_in = tuple(f"tests/{layer}/" for layer in ("contracts", "domain", "storage", "wire"))
    silent = [
        place
        for place, ids, told in marked()
        if place.startswith(told_in) and not any(clause in told for clause in ids)
    ]
    assert silent == []


def test_the_clauses_of_identity_and_groups_are_shown_at_work() -> None:
    shown = {clause for _, ids, _ in marked() for clause in ids}
    assert {"CG-05.4", "CG-06.1", "CG-06.2", "CG-06.3", "CG-08.1", "CG-08.2", "CG-08.3", "CG-08.4"} <= shown
    assert {"INV-01", "INV-08", "INV-09", "INV-10", "INV-12", "INV-13", "SA-05.3"} <= shown
