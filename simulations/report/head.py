"""The top of the page: what was simulated and how, the main figures, and every queue against its target."""

from datetime import datetime
from typing import Final

from simulations.experiment.figures import RARE
from simulations.report.folder import Folder, Row, limits_of
from simulations.report.headline import headline, verdict
from simulations.report.markup import Element, el
from simulations.report.wording import NOTHING, Words

SIGNS: Final = {"ok": "●", "warn": "◆", "alert": "▲"}
SHARES: Final = ("service_level", "abandon_rate", "dismissed_rate", "blocked_rate", "occupancy")


def title_of(folder: Folder) -> str:
    """Return what the page is about."""
    made = folder.made
    if "structures" in made:
        return ", ".join(one["scenario"] for one in made["structures"])
    if "one" in made:
        return f"{made['one']} – {made['other']}"
    return str(made.get("scenario") or folder.path.name)


def head(folder: Folder, say: Words) -> Element:
    """Return the header: the name, how it was made, and the sentence that sums it up."""
    made = folder.made
    facts = [
        (say("stretch"), _stretch(folder, say)),
        (say("replications"), say.number(made.get("replications"))),
        (say("seed"), _seed(folder, made, say)),
        (say("confidence"), say.share(folder.confidence, 0)),
        (say("made_at"), _made_at(made, say)),
        (say("version"), str(made.get("version", NOTHING))),
    ]
    command = str((folder.plan or {}).get("command") or made.get("command") or "")
    return el(
        "header",
        el("p", say("report_of"), class_="kind"),
        el("h1", title_of(folder)),
        el("dl", [el("div", el("dt", name), el("dd", text)) for name, text in facts if text], class_="facts"),
        el("p", say("made_by"), " ", el("code", command), class_="command") if command else None,
    )


def _stretch(folder: Folder, say: Words) -> str:
    if not folder.starts:
        return ""
    first, last = folder.starts[0], folder.starts[-1]
    minutes = say.number(folder.interval_s / 60)
    end = datetime.fromtimestamp(last.timestamp() + folder.interval_s, last.tzinfo)
    until = f"{end:%H:%M}" if end.date() == first.date() else f"{say.date(end)} {end:%H:%M}"
    zone = f" {folder.scenario.file.time_zone}" if folder.scenario is not None else ""
    return f"{say.date(first)} {first:%H:%M}–{until}{zone}, {say('intervals_of', minutes=minutes)}"


def _seed(folder: Folder, made: Row, say: Words) -> str:
    """Return the seed; of a plan the one that it was made from, and that of the callers that it was checked with."""
    seed = str(made.get("seed", NOTHING))
    return seed if folder.plan is None else say("checked_seed", plan=str(folder.plan["seed"]), check=seed)


def _made_at(made: Row, say: Words) -> str:
    if not made.get("made_at"):
        return ""
    moment = datetime.fromisoformat(made["made_at"])
    return f"{say.date(moment)} {moment:%H:%M} UTC"


def summary(folder: Folder, say: Words) -> list[Element]:
    """Return the sentence, the main figures and the table of queues; nothing for folders without a run."""
    if folder.run is None:
        return []
    kind, text = headline(folder, say)
    sentence = el("p", f"{SIGNS[kind]} {text}", class_=f"verdict {kind}") if kind else None
    return [el("div", sentence, _tiles(folder, folder.run, say), _queues(folder, say), id="summary")]


def _tiles(folder: Folder, run: Row, say: Words) -> Element:
    whole = run["all"]
    tiles = []
    for name in ("offered", "service_level", "asa_s", "abandon_rate", "dismissed_rate", "blocked_rate", "occupancy"):
        value, low, high = limits_of(whole.get(name))
        if name in RARE and not value:
            continue
        if name in SHARES:
            shown, between = say.share(value), _between(say.share(low), say.share(high))
        elif name == "asa_s":
            shown, between = say.duration(value), _between(say.duration(low), say.duration(high))
        else:
            shown, between = say.number(value), _between(say.number(low), say.number(high))
        tiles.append((say(f"tile_{name}"), shown, between))
    for name in ("cost", "benefit"):
        value, low, high = limits_of(run.get(name))
        if value:
            currency = run[name]["currency"]
            tiles.append(
                (say(f"tile_{name}"), f"{say.number(value)} {currency}", _between(say.number(low), say.number(high)))
            )
    if folder.plan is not None:
        hours = say.number(folder.plan["paid_hours"], 1)
        tiles.append((say("tile_paid_hours"), f"{hours} {say('hour')}", ""))
    return el(
        "dl",
        [
            el("div", el("dt", name), el("dd", value, el("span", between, class_="between") if between else None))
            for name, value, between in tiles
        ],
        class_=f"tiles {'five' if len(tiles) in (5, 9, 10) else 'four'}" if len(tiles) > 3 else "tiles",
    )


def _between(low: str, high: str) -> str:
    return "" if NOTHING in (low, high) else f"{low} – {high}"


def _queues(folder: Folder, say: Words) -> Element:
    queues = (folder.run or {})["queues"]
    names = ["queue", "offered_limits", "target", "level_limits", "verdict", "asa_limits", "abandoned_limits"]
    rare = [name for name in sorted(RARE) if any(one.get(name, {}).get("value") for one in queues.values())]
    names += [*(f"{name.removesuffix('_rate')}_limits" for name in rare), "aht_limits"]
    rows = []
    for name, found in queues.items():
        target, within_s = folder.target(name)
        kind = verdict(folder, name)
        state = el("span", f"{SIGNS[kind]} {say(f'verdict_{kind}_short')}", class_=f"badge {kind}") if kind else NOTHING
        asked = NOTHING if target is None else f"{say.share(target, 0)} / {say.duration(within_s)}"
        cells: list[str | Element] = [
            say.limits(limits_of(found["offered"]), 0),
            asked,
            say.shares(limits_of(found["service_level"])),
            state,
            say.limits(limits_of(found["asa_s"])),
            say.shares(limits_of(found["abandon_rate"])),
            *(say.shares(limits_of(found.get(name))) for name in rare),
            say.limits(limits_of(found["aht_s"])),
        ]
        words = (1, 3)
        row = [el("td", _parted(cell), class_=None if place in words else "n") for place, cell in enumerate(cells)]
        rows.append(el("tr", el("th", name, scope="row"), row))
    words_at = (0, 2, 4)
    headings = [
        el("th", say(name), scope="col", class_=None if place in words_at else "n") for place, name in enumerate(names)
    ]
    table = el("table", el("caption", say("title_queues"), class_="unseen"), el("thead", el("tr", headings)))
    table.append(el("tbody", rows))
    return el("div", table, class_="card scroll", tabindex="0", role="region", aria_label=say("title_queues"))


def _parted(cell: str | Element) -> list[str | Element]:
    """Return a figure and its limits apart, so that these may stand below it where there is little room."""
    value, space, limits = cell.partition(" (") if isinstance(cell, str) else (cell, "", "")
    return [value, " ", el("span", f"({limits}", class_="limits")] if space else [cell]
