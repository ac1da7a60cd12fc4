"""Trunks: channels busy in the mean and at the most, against those that there are."""

from simulations.report.folder import Folder, Row, limits, moment
from simulations.report.plot import Plot, band, steps, ticks, time_axis, upsets, y_axis
from simulations.report.section import Missing, Panel, Section, Table, room_for
from simulations.report.wording import Words


def trunks(folder: Folder, say: Words) -> Section | Missing:
    """Return the section: a picture for each trunk group."""
    if not folder.trunks:
        has_none = folder.scenario is not None and not folder.scenario.file.trunk_groups
        return Missing("trunks", "" if has_none else "trunkline simulate FILE -o DIR")
    groups: dict[str, list[Row]] = {}
    for row in folder.trunks:
        groups.setdefault(row["trunk_group"], []).append(row)
    panels = [_panel(folder, name, rows, say) for name, rows in list(groups.items())[: room_for(len(folder.starts))]]
    legend = [
        ("line limit", say("channels")),
        ("line peak-high", say("peak_p99")),
        ("line at-work", say("peak")),
        ("line other", say("busy")),
    ]
    if folder.disruptions:
        legend.append(("rect upset", say("disruption", names=", ".join(one.name for one in folder.disruptions))))
    lead = [_sentence(folder, name, rows, say) for name, rows in list(groups.items())[:4]]
    return Section("trunks", lead, panels, _table(folder, groups, say), legend, wide=len(panels) > 1)


def _shown(folder: Folder, name: str) -> str:
    """Return what a trunk group is called where people read it."""
    groups = {} if folder.scenario is None else folder.scenario.file.trunk_groups
    return (groups[name].display_name if name in groups else "") or name


def _sentence(folder: Folder, name: str, rows: list[Row], say: Words) -> str:
    highest = max(range(len(rows)), key=lambda place: rows[place]["peak_p99"])
    told = say(
        "trunks_lead",
        group=_shown(folder, name),
        channels=rows[highest]["channels"],
        most=rows[highest]["peak_p99"],
        at=moment(folder, highest, say),
    )
    blocked = max(range(len(rows)), key=lambda place: rows[place]["blocked"] or 0.0)
    share = rows[blocked]["blocked"]
    if not share:
        return f"{told} {say('trunks_free')}"
    figure = say.shares(limits(rows[blocked], "blocked"))
    return f"{told} {say('trunks_blocked', share=figure, at=moment(folder, blocked, say))}"


def _panel(folder: Folder, name: str, rows: list[Row], say: Words) -> Panel:
    channels, highest = max(row["channels"] for row in rows), max(row["peak_p99"] for row in rows)
    # Where the group is far from full, its bound would press all else to the ground.
    is_near = channels <= max(2.5 * highest, 4)
    marks = ticks(0, max(channels if is_near else 0, highest, 1) * 1.04, whole=True)
    plot = Plot(0, len(rows), 0, marks[-1], top=22)
    middles = [place + 0.5 for place in range(len(rows))]
    shapes = [
        *upsets(plot, folder.disruptions),
        *y_axis(plot, marks, say.number, say("channels_axis")),
        *time_axis(plot, folder.starts, folder.interval_s, say),
        band(plot, middles, [row["peak_lo"] for row in rows], [row["peak_hi"] for row in rows]),
        steps(plot, [row["busy"] for row in rows], "other"),
        steps(plot, [row["peak_p99"] for row in rows], "peak-high"),
        steps(plot, [row["peak"] for row in rows], "at-work"),
    ]
    if is_near:
        shapes.append(steps(plot, [row["channels"] for row in rows], "limit"))
    return Panel(_shown(folder, name), _sentence(folder, name, rows, say), shapes)


def _table(folder: Folder, groups: dict[str, list[Row]], say: Words) -> Table:
    several = len(groups) > 1
    rows, matters = [], []
    for name, listed in groups.items():
        for place, row in enumerate(listed):
            rows.append(
                [
                    moment(folder, place, say),
                    *([_shown(folder, name)] if several else []),
                    say.number(row["channels"]),
                    say.limits(limits(row, "busy")),
                    say.limits(limits(row, "peak")),
                    say.number(row["peak_p99"]),
                    say.shares(limits(row, "blocked"), 2),
                ]
            )
            matters.append((row["blocked"] or 0.0) * 1e6 + row["peak_p99"])
    headings = [say("from"), *([say("trunk_group")] if several else []), say.heading("channels"), say("busy_limits")]
    headings += [say("peak_limits"), say.heading("peak_p99"), say("blocked_limits")]
    return Table(headings, rows, 2 if several else 1, matters)
