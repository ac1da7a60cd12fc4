"""The notebook of the hotline, executed as a planner would beside the files that `trunkline init` writes."""

import json
import tempfile
from pathlib import Path
from typing import Any

import nbclient
import nbformat
import pytest

from simulations.commands.scenario_files import EXAMPLES, write_example

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]  # it may compile the world
ROOT = Path(__file__).parents[3]
SHIPPED = EXAMPLES / "hotline" / "plan_a_day.ipynb"
FIGURES = """
import json

def ends_of(estimate):
    return [float(end) for end in (estimate.value, estimate.low, estimate.high)]

levels = {name: ends_of(today.estimate("service_level", name)) for name in today.queues}
print(json.dumps({
    "guess": guess.agents.tolist(),
    "levels": levels,
    "short": len(short),
    "kept": plan.kept,
    "required": needed[needed["queue"] == "sales"]["agents_required"].tolist(),
    "apart": {row["queue"]: row["difference"]["high"] for row in structures.told["figures"]
              if row["figure"] == "service_level"},
    "asked": asked.told["figures"][0],
    "same_agent": asked.told["fidelity"]["same_agent"],
    "calls": learnt.calls,
    "intervals": len(today.intervals()),
}))
"""


def read(path: Path) -> Any:
    return nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, dict[str, Any]]:
    """The notebook with its outputs, and the figures that it came to."""
    folder = tmp_path_factory.mktemp("plan")
    write_example(folder)
    notebook = read(folder / SHIPPED.name)
    notebook.cells.append(nbformat.v4.new_code_cell(FIGURES))  # type: ignore[no-untyped-call]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))
        client = nbclient.NotebookClient(
            notebook, timeout=300, resources={"metadata": {"path": str(folder)}}, record_timing=False
        )
        client.execute()
    told = json.loads("".join(output.text for output in notebook.cells[-1].outputs if output.name == "stdout"))
    return notebook, told


def test_it_answers_what_it_says_in_words(executed: tuple[Any, dict[str, Any]]) -> None:
    found = executed[1]
    for value, low, high in found["levels"].values():
        assert low < value < high
        assert low > 0.8, "over the day the roster keeps its target"
    assert 1 <= found["short"] <= 8, "and misses it in a few half hours"
    assert found["kept"]
    assert max(found["guess"]) == 16, "Erlang A, 240 an hour of 214 s, 120 s of patience"
    assert abs(max(found["required"]) - max(found["guess"])) <= 1, "what sales needs by itself Erlang knows"
    assert found["apart"]["support"] < -0.05, "support loses without those who can do both"
    gained = found["asked"]["difference"]
    assert gained["low"] > 0.002, "two more help that evening"
    assert gained["high"] < 0.04
    assert found["same_agent"] == 1.0, "a simulated log comes out as it was"
    assert found["intervals"] == 60
    assert found["calls"] > 2000


def test_what_is_shipped_has_its_outputs_and_nothing_of_the_machine(executed: tuple[Any, dict[str, Any]]) -> None:
    shipped, fresh = read(SHIPPED), executed[0]
    nbformat.validate(shipped)
    code = [cell for cell in shipped.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    for cell, again in zip(shipped.cells, fresh.cells, strict=False):
        kept, made = ([sorted(output.get("data", {})) for output in one.get("outputs", [])] for one in (cell, again))
        assert kept == made, f"execute it again: {cell.source}"
        assert not cell.metadata
    text = SHIPPED.read_text(encoding="utf-8")
    for trace in ("Traceback", str(ROOT), str(Path.home()), tempfile.gettempdir(), " at 0x"):
        assert trace not in text


def test_its_tables_are_html_that_runs_nothing(executed: tuple[Any, dict[str, Any]]) -> None:
    pages = [
        output.data["text/html"]
        for cell in executed[0].cells
        for output in cell.get("outputs", [])
        if "text/html" in output.get("data", {})
    ]
    assert len(pages) >= 6
    assert all("<table>" in page and "<script" not in page for page in pages)
