"""Rules of the house that no linter knows: sizes, first lines, and who reads the kernel's tables."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[1]
LINES_MAX: Final = 400
FUNCTION_LINES_MAX: Final = 60
"""Without the docstring: what does not fit on a screen is not seen as a whole."""
MODULES: Final = sorted(
    path.relative_to(ROOT).as_posix()
    for folder in ("adapters", "benchmarks", "engine", "simulations")
    for path in (ROOT / folder).rglob("*.py")
)

SCRIPTS: Final = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "adapters").rglob("*.js"))


def functions(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Yield the name of each function with its lines, those of its docstring left out."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0]
            is_text = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
            words = (first.end_lineno or first.lineno) - first.lineno + 1 if is_text else 0
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1 - words


@pytest.mark.parametrize("module", MODULES)
def test_modules_are_small_and_say_what_they_are_for(module: str) -> None:
    text = (ROOT / module).read_text()
    tree = ast.parse(text)
    assert ast.get_docstring(tree)
    assert len(text.splitlines()) <= LINES_MAX
    assert {name: lines for name, lines in functions(tree) if lines > FUNCTION_LINES_MAX} == {}


@pytest.mark.parametrize("script", SCRIPTS)
def test_scripts_of_the_pages_are_small_and_say_what_they_are_for(script: str) -> None:
    lines = (ROOT / script).read_text().splitlines()
    assert lines[0].startswith("// ")
    assert len(lines) <= LINES_MAX


@pytest.mark.parametrize("module", [module for module in MODULES if module.startswith("adapters/")])
def test_adapters_do_not_read_the_tables(module: str) -> None:
    nodes = ast.walk(ast.parse((ROOT / module).read_text()))
    assert not [node.lineno for node in nodes if isinstance(node, ast.Attribute) and node.attr == "tables"]
