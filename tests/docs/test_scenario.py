"""The page of the scenario's file has every key that a scenario has beside those of the engine's configuration."""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from pydantic import BaseModel

import simulations.scenario as package

DOCS: Final = Path(__file__).parents[2] / "docs"
CODE: Final = re.compile(r"`([^`]+)`")


def models() -> Iterator[type[BaseModel]]:
    """Every section of the file that the planner itself defines."""
    for found in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        for value in vars(importlib.import_module(found.name)).values():
            if isinstance(value, type) and issubclass(value, BaseModel) and value.__module__ == found.name:
                yield value


def own_keys(model: type[BaseModel]) -> set[str]:
    """Keys that a section has, those left out that the engine's section of the same kind has."""
    engines = {
        name
        for base in model.__mro__
        if base.__module__.startswith("engine.") and issubclass(base, BaseModel)
        for name in base.model_fields
    }
    return {info.alias or name for name, info in model.model_fields.items() if name not in engines}


SECTIONS: Final = {model.__name__: model for model in models()}


@pytest.mark.parametrize("model", SECTIONS.values(), ids=SECTIONS.keys())
def test_every_key_is_told(model: type[BaseModel]) -> None:
    pages = "".join(
        (DOCS / name).read_text(encoding="utf-8") for name in ("PLANNER-SCENARIO.md", "PLANNER-COMMANDS.md")
    )
    told = {
        word
        for code in CODE.findall(re.sub(r"```.*?```", "", pages, flags=re.DOTALL))
        for word in re.findall(r"\w+", code)
    }
    assert own_keys(model) <= told


def test_there_are_sections() -> None:
    assert len(SECTIONS) > 15
