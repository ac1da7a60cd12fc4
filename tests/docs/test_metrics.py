"""The page of the metrics has every figure that an adapter counts of itself, and no others."""

import ast
import re
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = (ROOT / "docs" / "METRICS.md").read_text(encoding="utf-8")
ADAPTERS: Final = ("sip", "http", "mqtt", "webchat")
LAYER: Final = ROOT / "adapters" / "sip" / "protocol"
"""What is counted here is told with `sip.` before it."""


def told(adapter: str) -> list[str]:
    """Figures in the first cells of the adapter's tables; what depends on the case stands in capitals."""
    found = re.search(rf"^### Figures of {adapter}\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None, adapter
    cells = re.findall(r"^\| (`[^|]+) \|", found[1], re.MULTILINE)
    return [name for cell in cells for name in re.findall(r"`([^`]+)`", cell)]


def name_of(node: ast.expr) -> str:
    """Last part of a variable's or attribute's name."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def words(node: ast.expr) -> Iterator[str]:
    """What a text may be, `*` for what is filled in."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else "*" for part in node.values)
    elif isinstance(node, ast.IfExp):
        yield from (*words(node.body), *words(node.orelse))


def counted(adapter: str) -> set[str]:
    """Figures that the adapter's code counts: what its `counters` are asked for, and begin with; of statuses, `*`."""
    found, taken_out = set[str](), set[str]()
    for path in (ROOT / "adapters" / adapter).rglob("*.py"):
        before = "sip." if path.is_relative_to(LAYER) else ""
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Subscript) and name_of(node.value).endswith("counters"):
                found |= {before + word for word in words(node.slice)}
            elif isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Dict):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                if "counters" in map(name_of, targets):
                    found |= {word for key in node.value.keys if key is not None for word in words(key)}
            elif isinstance(node, ast.AnnAssign) and name_of(node.target) == "COUNTERS":
                assert isinstance(node.value, ast.Tuple)
                found |= {word for element in node.value.elts for word in words(element)}
            elif isinstance(node, ast.Call) and ast.unparse(node.func) == "counters.pop":
                taken_out |= set(words(node.args[0]))
    return {re.sub(r"\d{3}$", "*", figure) for figure in found - taken_out}


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_every_figure_of_an_adapter_is_told(adapter: str) -> None:
    names = told(adapter)
    assert len(set(names)) == len(names)
    assert [figure for figure in sorted(counted(adapter)) if not any(fnmatch(name, figure) for name in names)] == []


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_every_figure_told_is_counted(adapter: str) -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "adapters" / adapter).rglob("*.py"))
    figures = counted(adapter)
    assert len(figures) > 8
    for name in told(adapter):
        plain = f'"{name}"' in source and name.islower()
        assert plain or any(fnmatch(name, figure) for figure in figures), name


def test_every_adapter_is_told() -> None:
    assert set(re.findall(r"^### Figures of (\w+)$", PAGE, re.MULTILINE)) == set(ADAPTERS)
    assert {path.parent.name for path in ROOT.glob("adapters/*/adapter.py")} == set(ADAPTERS)
