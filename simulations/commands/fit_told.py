"""What the check of a whole fitted day comes to, on a terminal."""

from math import isfinite
from typing import Final

from simulations.commands.printing import printer
from simulations.commands.tables import TITLES, print_table, table_of
from simulations.experiment.estimates import Estimate
from simulations.fit.fitted import Fit
from simulations.fit.whole_day import WholeDay

HEADINGS: Final = TITLES | {"offered": "calls a day", "p_wait": "waited, %"}
TIMES: Final = ("offered", "asa_s")


def tell_whole_day(fit: Fit, found: WholeDay) -> None:
    """Print record and fitted day side by side, and where the one is not the other."""
    console = printer()
    with_alike = any(figure.alike is not None for figure in found.figures)
    headings = ["", "recorded", "fitted", *(["days alike"] if with_alike else []), ""]
    table = table_of(headings, title=f"the fitted day, played {found.replications} times, against {_days(found)}")
    for figure in found.figures:
        sides = (figure.recorded, figure.fitted, *((figure.alike,) if figure.alike is not None else ()))
        cells = [_cell(figure.name, side) for side in sides]
        table.add_row(HEADINGS[figure.name], *cells, "off" if figure.is_off else "")
    print_table(table)
    for line in _why(fit, found):
        console.print(line, soft_wrap=True, markup=False)


def _days(found: WholeDay) -> str:
    return "1 day" if found.days == 1 else f"{found.days} days"


def _cell(name: str, side: Estimate) -> str:
    scale = 1.0 if name in TIMES else 100.0
    half = f" ±{scale * side.half_width:.1f}" if isfinite(side.half_width) else ""
    return f"{scale * side.value:,.1f}{half}"


def _recorded_roster(fit: Fit, found: WholeDay) -> str:
    """Return whether recorded agents' hours went with the volume; hours taken from answers do so by themselves."""
    together = f"correlation with the volume {found.staff_with_volume:.2f}"
    if not found.staff_follows:
        return ""
    if fit.hours_told:
        return f"; the recorded one was not ({together})"
    return f"; the recorded one was not, as far as whom agents answered tells ({together}; quiet ones count as away)"


def _why(fit: Fit, found: WholeDay) -> list[str]:
    """Return what is known of the causes, where the fitted day is off."""
    lines = []
    if found.covered < 1.0:
        lines.append(f"both are of the {100 * found.covered:.0f} % of the fitted day that the record covers")
    if found.days == 1:
        lines.append("one day does not tell how days differ: its limits are those of fitted days among each other")
    if not found.is_off:
        recorded = "one" if found.days == 1 else "ones"
        return [*lines, f"the fitted day is like the recorded {recorded}, as far as chance lets it be told"]
    lines.append(
        "the fitted day is off where it says so, by more than chance; do not plan by it as if it were the record"
    )
    if found.figures[0].alike is not None:
        lines.append(
            f"its roster is the same however busy a day is{_recorded_roster(fit, found)}. 'days alike': each as busy "
            "as the mean, --set queues.NAME.arrivals.busyness=0%"
        )
    if any(queue.wrap_up is None for queue in fit.queues):
        lines.append("wrap-up is not recorded: one length stands for all that agents do between calls")
    return lines
