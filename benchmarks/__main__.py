"""`python -m benchmarks [NAME]`: runs every bench_*.py, or those that bring NAME, and prints one JSON line a result.

A module has `run() -> list[dict]` and may declare in `NAMES` what it brings. NAME is a module's name without `bench_`,
or one of those; then only lines of that name are printed.
"""

import argparse
import ast
import importlib
import json
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path

from benchmarks.report import Line, completed

FOLDER = Path(__file__).parent


def modules() -> dict[str, tuple[str, ...]]:
    """Return every benchmark module by its short name, with what it declares to bring; none is imported."""
    return {path.stem.removeprefix("bench_"): declared_names(path) for path in sorted(FOLDER.glob("bench_*.py"))}


def declared_names(path: Path) -> tuple[str, ...]:
    """Read the literal tuple NAMES of a module; empty if there is none."""
    for statement in ast.parse(path.read_text(encoding="utf-8")).body:
        targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
        value = getattr(statement, "value", None)
        if value is not None and any(isinstance(target, ast.Name) and target.id == "NAMES" for target in targets):
            return tuple(ast.literal_eval(value))
    return ()


def chosen(name: str | None, found: dict[str, tuple[str, ...]]) -> list[str]:
    """Return what to run: all, the module of that name, those that declare it, or else those that declare nothing."""
    if name is None:
        return list(found)
    if name in found:
        return [name]
    bringing = [module for module, names in found.items() if name in names]
    return bringing or [module for module, names in found.items() if not names]


def results(module: str) -> Iterator[Line]:
    """Run one module."""
    for found in importlib.import_module(f"benchmarks.bench_{module}").run():
        yield completed(found)


def main(arguments: list[str] | None = None) -> int:
    """Print results; 1 when a module failed, 2 when nothing has that name."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Run benchmarks; one JSON line a result.")
    parser.add_argument("name", nargs="?", help="a module without bench_, or the name of one result")
    parser.add_argument("--list", action="store_true", help="say what there is, and run nothing")
    options = parser.parse_args(arguments)
    found = modules()
    if options.list:
        for module, names in found.items():
            print(f"{module}: {', '.join(names) or 'see its own lines'}")
        return 0
    printed, failed = 0, False
    for module in chosen(options.name, found):
        print(f"benchmarks: {module}", file=sys.stderr, flush=True)
        try:
            for result in results(module):
                if options.name in (None, module, result["name"]):
                    print(json.dumps(result), flush=True)
                    printed += 1
        except Exception:
            traceback.print_exc()
            failed = True
    if not printed and not failed:
        known = sorted({*found, *(name for names in found.values() for name in names)})
        print(f"benchmarks: nothing is called {options.name!r}; known are {', '.join(known)}", file=sys.stderr)
        return 2
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
