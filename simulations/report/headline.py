"""The sentence that sums a page up: which queue keeps its service level, and which intervals of which queue do not."""

from datetime import datetime, timedelta
from typing import Final

from simulations.experiment.estimates import t_quantile
from simulations.report.folder import Folder, Row, limits_of, moment
from simulations.report.wording import Words

SPANS_MAX: Final = 6
"""Of each queue, and queues, that are named."""


def verdict(folder: Folder, name: str) -> str:
    """Tell whether a queue keeps its target beyond chance (`ok`), misses it (`alert`), or neither; '' without one."""
    target = folder.target(name)[0]
    figures = _figures(folder, name)
    value, low, high = limits_of(figures.get("service_level"))
    if target is None:
        return ""
    if _is_unreached(folder, name):
        return "alert"
    if value is None:
        return ""
    low, high = (value, value) if low is None or high is None else (low, high)
    return "ok" if low >= target else "alert" if high < target else "warn"


def headline(folder: Folder, say: Words) -> tuple[str, str]:
    """Return how it stands, `ok`, `warn` or `alert`, and in words; two empty ones where no queue has a target."""
    by_queue = {name: verdict(folder, name) for name in (folder.run or {}).get("queues", {})}
    if not any(by_queue.values()):
        return "", ""
    unreached = [name for name, kind in by_queue.items() if kind and _is_unreached(folder, name)]
    reached = {name: kind for name, kind in by_queue.items() if kind and name not in unreached}
    missed, close = ([name for name, kind in reached.items() if kind == which] for which in ("alert", "warn"))
    keys = {"verdict_unreached": unreached, "verdict_missed": missed, "verdict_close": close}
    said = [say(key, names=", ".join(names)) for key, names in keys.items() if names]
    if reached and not missed and not close:
        said.append(say("verdict_ok_others" if unreached else "verdict_ok"))
    spans, sentence = _of_intervals(folder, list(reached), say)
    beyond = _out_of_reach(folder, say)
    kind = "alert" if missed or unreached else "warn" if close or spans or beyond else "ok"
    return kind, " ".join(one for one in (*said, sentence, beyond) if one)


def _figures(folder: Folder, name: str) -> Row:
    found: Row = (folder.run or {}).get("queues", {}).get(name, {})
    return found


def _is_unreached(folder: Folder, name: str) -> bool:
    """Tell whether no call to a queue found a channel. A service level is of those who came through or were handed
    over, so it tells nothing of it.
    """
    told = [row.get("trunk_blocking") for row in folder.queues.get(name, [])]
    shares = [share for share in told if share is not None]
    return bool(shares) and min(shares) >= 1.0


def _out_of_reach(folder: Folder, say: Words) -> str:
    """Return in how many intervals agents or channels cannot keep a target of a plan, by queue and trunk group; ''
    where that is not known.
    """
    plan, of = folder.plan or {}, max(map(len, folder.queues.values()), default=0)
    told = [
        say("out_of_reach_of", name=name, count=count, of=of)
        for section in ("queues", "trunk_groups")
        for name, one in plan.get(section, {}).items()
        if (count := one.get("intervals_out_of_reach", 0))
    ]
    return say("out_of_reach", names=", ".join(told)) if told else ""


def _of_intervals(folder: Folder, names: list[str], say: Words) -> tuple[dict[str, list[tuple[int, int]]], str]:
    """Return the stretches in which queues miss their target beyond chance, and what is said of intervals."""
    rows = {name: folder.queues[name] for name in names if name in folder.queues}
    known = sum(row["service_level"] is not None for found in rows.values() for row in found)
    if known == 0:
        return {}, ""
    wider = _wider(folder, known)
    missed = {
        name: [place for place, row in enumerate(found) if _is_missed(row, folder.target(name)[0] or 0.0, wider)]
        for name, found in rows.items()
    }
    spans = {name: _stretches(places) for name, places in missed.items() if places}
    if spans:
        texts = [_named(folder, name, found, say) for name, found in list(spans.items())[:SPANS_MAX]]
        count = sum(map(len, missed.values()))
        return spans, say("intervals_missed", count=count, of=known, spans="; ".join(texts))
    below = sum(
        row["service_level"] is not None and row["service_level"] < (folder.target(name)[0] or 0.0)
        for name, found in rows.items()
        for row in found
    )
    return {}, say("intervals_below", count=below, of=known) if below else say("intervals_kept")


def _wider(folder: Folder, count: int) -> float:
    """Return how much wider limits are with which so many intervals hold together (Bonferroni), as `solve` judges."""
    replications = int((folder.run or {}).get("replications") or 2)
    degrees, doubt = max(replications - 1, 1), 1.0 - folder.confidence
    return t_quantile(1.0 - doubt / count, degrees) / t_quantile(folder.confidence, degrees)


def _is_missed(row: Row, target: float, wider: float) -> bool:
    value, high = row["service_level"], row.get("sl_hi")
    if value is None:
        return False
    return bool(value + wider * ((value if high is None else high) - value) < target)


def _stretches(places: list[int]) -> list[tuple[int, int]]:
    """Return places that follow one another as (first, last)."""
    found: list[tuple[int, int]] = []
    for place in places:
        if found and found[-1][1] == place - 1:
            found[-1] = (found[-1][0], place)
        else:
            found.append((place, place))
    return found


def _named(folder: Folder, name: str, spans: list[tuple[int, int]], say: Words) -> str:
    texts = [f"{moment(folder, first, say)}–{_end(folder, last):%H:%M}" for first, last in spans[:SPANS_MAX]]
    more = len(spans) - len(texts)
    return f"{name} {', '.join(texts)}" + (f" {say('and_more', count=more)}" if more else "")


def _end(folder: Folder, place: int) -> datetime:
    return folder.starts[place] + timedelta(seconds=folder.interval_s)
