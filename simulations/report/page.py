"""The whole page: every picture that the folder has data for, what it has none for, and what all of it is."""

from base64 import b64encode
from hashlib import sha256
from html import escape
from pathlib import Path
from string import Template
from typing import Final

from simulations.report.comparison import comparison
from simulations.report.convergence import convergence
from simulations.report.folder import Folder
from simulations.report.head import head, summary, title_of
from simulations.report.heat_map import heat_map
from simulations.report.markup import Element, el, html
from simulations.report.payback import payback
from simulations.report.resilience import resilience
from simulations.report.section import Missing, Section, drawn
from simulations.report.sensitivity import sensitivity
from simulations.report.staffing import staffing
from simulations.report.sweep import sweep
from simulations.report.trade_off import trade_off
from simulations.report.trunks import trunks
from simulations.report.waits import waits
from simulations.report.wording import Words

HERE: Final = Path(__file__).parent


def page(folder: Folder, language: str = "en") -> str:
    """Return the page as HTML without any reference outside itself."""
    say = Words(language)
    found = sections(folder, say)
    there = _paired([one for one in found if isinstance(one, Section)])
    style = (HERE / "report.css").read_text(encoding="utf-8")
    body = [
        head(folder, say),
        el("nav", el("ul", [_link(one, say) for one in there]), aria_label=say("contents")) if len(there) > 1 else None,
        el(
            "main",
            summary(folder, say),
            el("div", [drawn(one, say) for one in there], class_="cards"),
            _absent([one for one in found if isinstance(one, Missing)], say),
            el("section", el("h2", say("title_model")), _model(say), class_="model card", id="model"),
        ),
    ]
    return Template((HERE / "page.html").read_text(encoding="utf-8")).substitute(
        language=language,
        title=escape(title_of(folder)),
        style=style,
        digest=b64encode(sha256(style.encode()).digest()).decode(),
        body="".join(html(one) for one in body if one is not None),
    )


def sections(folder: Folder, say: Words) -> list[Section | Missing]:
    """Return the pictures in their order."""
    return [
        staffing(folder, say),
        heat_map(folder, say),
        waits(folder, say),
        trade_off(folder, say),
        sensitivity(folder, say),
        trunks(folder, say),
        convergence(folder, say),
        sweep(folder, say),
        comparison(folder, say),
        payback(folder, say),
        resilience(folder, say),
    ]


def _paired(found: list[Section]) -> list[Section]:
    """Put narrow ones beside each other, two in a row, and widen one that is left alone."""
    ordered: list[Section] = []
    rest = list(found)
    while rest:
        ordered.append(rest.pop(0))
        if not ordered[-1].wide:
            beside = next((one for one in rest if not one.wide), None)
            if beside is None:
                ordered[-1].wide = True
            else:
                rest.remove(beside)
                ordered.append(beside)
    return ordered


def _link(section: Section, say: Words) -> Element:
    return el("li", el("a", say(f"nav_{section.key}"), href=f"#{section.key}"))


def _absent(missing: list[Missing], say: Words) -> Element | None:
    if not missing:
        return None
    by_command: dict[str, list[str]] = {}
    for one in missing:
        by_command.setdefault(one.command or one.key, []).append(say(f"title_{one.key}").rstrip("?"))
    listed = [
        el("li", ", ".join(titles), ": ", say(f"absent_{how}") if say.has(f"absent_{how}") else el("code", how))
        for how, titles in by_command.items()
    ]
    return el("section", el("h2", say("title_absent")), el("ul", listed), class_="card absent", id="absent")


def _model(say: Words) -> list[Element]:
    return [el("p", say(f"model_{number}")) for number in range(1, 5)]
