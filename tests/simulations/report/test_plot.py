"""What stands at the axes of a picture."""

import pytest

from simulations.report.plot import Plot, x_axis


@pytest.mark.parametrize(
    ("marks", "staying"),
    [((-5, 0, 5, 10, 15), ["0", "10"]), ((-10, -5, 0, 5), ["-10", "0"]), ((5, 10, 15), ["5", "15"])],
)
def test_where_every_other_tick_gives_way_0_stays(marks: tuple[float, ...], staying: list[str]) -> None:
    shapes = x_axis(Plot(marks[0], marks[-1], 0, 1, top=0, bottom=100, left=0, right=100), marks, lambda x: f"{x:g}")
    texts = [shape for shape in shapes if shape.tag == "text"]
    assert [shape.text for shape in texts if "fine" not in str(shape.get("class")).split()] == staying
