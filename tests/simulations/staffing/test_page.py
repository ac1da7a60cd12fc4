"""The page about the formulas: its Python runs as it stands, and its functions are there."""

import re
from pathlib import Path
from typing import Any

import numpy as np

from simulations import staffing

PAGE = (Path(__file__).parents[3] / "docs" / "ERLANG.md").read_text(encoding="utf-8")


def test_the_examples_run() -> None:
    room: dict[str, Any] = {"contacts": np.where(np.abs(np.arange(48) - 26) < 12, 90.0, 0.0)}
    snippets = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert len(snippets) == 2
    for snippet in snippets:
        exec(snippet, room)
    assert room["agents_for"]([2400, 6000], 300, patience=180, service_level=0.8, within_s=20).tolist() == [195, 475]
    assert (room["plan"].on_duty[0] >= room["day"].agents_with_shrinkage).all()


def test_its_functions_are_there() -> None:
    table = PAGE.partition("## A day of shifts")[2].partition("| function |")[2].partition("\n\n")[0]
    told = {
        name for first in re.findall(r"^\| (`.+?) \|", table, re.MULTILINE) for name in re.findall(r"`(\w+)`", first)
    }
    assert told == {name for name in staffing.__all__ if name.islower()}
