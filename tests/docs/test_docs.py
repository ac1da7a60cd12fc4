"""What the documents say of names, settings, figures and statuses is what the code says."""

import re
import tomllib
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import pytest
import typer.main

from adapters.http.application import ROUTES
from adapters.http.metrics.engine import COUNTED, STANDING
from adapters.sip.translate import final_answer
from engine import ports
from engine.commands.outcome import Exit
from engine.effects.derive import RETRY_AFTER_S
from engine.kernel.tables import SCHEMA
from engine.log.event_log import FATAL_EXIT_CODE
from engine.main import add_installed_commands, app
from engine.messages import kinds
from engine.messages.effects import AnyEffect
from engine.messages.exits import EXIT_CLASSES, EndedBy
from engine.model import settings
from engine.model.scopes import Scope
from engine.model.tallies import Tally

ROOT: Final = Path(__file__).parents[2]
DOCS: Final = ROOT / "docs"
DECISIONS: Final = sorted((DOCS / "decisions").glob("[0-9]*.md"))
DOCUMENTS: Final = sorted([*ROOT.glob("*.md"), *DOCS.glob("**/*.md")])
NAMING: Final = [
    path
    for folder in ("engine", "adapters", "simulations", "benchmarks", "deploy")
    for path in sorted((ROOT / folder).rglob("*"))
    if path.suffix in {".py", ".js", ".html", ".yaml", ".yml", ".json", ".service"}
]
CELL: Final = re.compile(r"^\| ([^|]+?) \|", re.MULTILINE)
CODE: Final = re.compile(r"`([^`\n]+)`")
NUMBERED: Final = kinds.EXIT_NAMES.items()


def section(document: str, heading: str) -> str:
    """The text under a heading, up to the next one of any level."""
    text = (DOCS / document).read_text(encoding="utf-8")
    found = re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#|\Z)", text, re.MULTILINE | re.DOTALL)
    assert found is not None, f"{document} has no heading {heading!r}"
    return found[1]


def terms(document: str, heading: str) -> list[str]:
    """The first cells of the section's table, its head left out."""
    return [cell.strip("`") for cell in CELL.findall(section(document, heading))][1:]


def columns(*tables: type[Any]) -> list[str]:
    return [member.name.lower() for table in tables for member in table]


VOCABULARIES: Final = {
    "Kinds of observed facts": [name for kind, name in kinds.KIND_NAMES.items() if kind < kinds.FIRST_DECIDED],
    "Kinds of decided facts": [name for kind, name in kinds.KIND_NAMES.items() if kind >= kinds.FIRST_DECIDED],
    "Exits": [*kinds.EXIT_NAMES.values()],
    "Classes of exits": [*EndedBy],
    "Channels": [*kinds.CHANNEL_NAMES.values()],
    "States of a contact": [*kinds.CONTACT_STATE_NAMES.values()],
    "Statuses of an agent": [*kinds.STATUS_NAMES.values()],
    "States of an agent": [*kinds.AGENT_STATE_NAMES.values()],
    "Who ended a contact": [*kinds.BY_NAMES.values()],
    "Surveys": [*kinds.SURVEY_NAMES.values()],
    "Ends of an offer": [*kinds.OFFER_END_NAMES.values()],
    "Ways into a queue": [*kinds.ENTRY_NAMES.values()],
    "Refusals": [*kinds.REFUSAL_NAMES.values()],
    "Strategies": [*kinds.STRATEGY_NAMES.values()],
    "Steps": [*kinds.STEP_NAMES.values()],
    "Effects": [str(effect.__struct_config__.tag) for effect in AnyEffect.__args__],
    "Settings of a queue": columns(settings.QueueSetting),
    "Settings of an agent": columns(settings.AgentSetting),
    "Other settings": columns(settings.TrunkGroupSetting, settings.ChannelSetting, settings.EngineSetting),
    "Tallies": columns(Tally),
    "Tables of the kernel": [name for name, _, _ in SCHEMA],
}
"""Sections of the page of names, and those that each must define, once and no others."""


@pytest.mark.parametrize("heading", VOCABULARIES)
def test_every_name_is_defined_once(heading: str) -> None:
    assert sorted(terms("NAMES.md", heading)) == sorted(VOCABULARIES[heading])


def test_every_exit_is_given_its_class() -> None:
    told = dict(re.findall(r"^\| `(\w+)` \| `(\w+)` \|", section("NAMES.md", "Exits"), re.MULTILINE))
    assert told == {kinds.EXIT_NAMES[way_out]: name for name, exits in EXIT_CLASSES.items() for way_out in exits}


def test_the_words_of_the_glossary_are_defined_once() -> None:
    prose = ("The contact centre", "The log and what moves through it", "The engine's parts")
    found = [word for heading in prose for word in terms("GLOSSARY.md", heading)]
    assert len(found) > 80
    assert sorted(found) == sorted(set(found))


def test_every_name_table_has_its_section() -> None:
    tables = {name for name in vars(kinds) if name.endswith("_NAMES")}
    words = {word for names in VOCABULARIES.values() for word in names}
    for name in tables:
        assert set(getattr(kinds, name).values()) <= words, name


def test_callers_are_told_what_the_page_says() -> None:
    rows = re.findall(
        r"^\| (`.+?`) \| (\d+) \| (\d+) \| (\d*) ?\|$", section("SIP.md", "What callers are told"), re.MULTILINE
    )
    told: dict[str, tuple[int, int, int]] = {}
    for names, status, cause, retry in rows:
        told |= {name: (int(status), int(cause), int(retry or 0)) for name in CODE.findall(names)}
    assert len(told) == 10
    for number, name in NUMBERED:
        if name not in told:
            continue
        answer = final_answer(name, RETRY_AFTER_S.get(number, 0))
        headers = dict(answer.headers)
        cause = re.search(r"cause=(\d+)", headers["Reason"])
        assert cause is not None
        assert told[name] == (answer.status, int(cause[1]), int(headers.get("Retry-After", "0"))), name


def test_exit_codes_are_those_of_the_commands() -> None:
    codes = {int(cell) for cell in terms("OPERATIONS.md", "systemd")}
    assert codes == {*map(int, Exit), FATAL_EXIT_CODE}


def test_scopes_are_those_of_tokens() -> None:
    assert set(terms("HTTP.md", "Tokens")) == {scope.value for scope in Scope}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_address_of_the_http_interface_exists(document: Path) -> None:
    known = {re.sub(r"\{\w+\}", "{}", route.path) for route in ROUTES}
    known |= set(re.findall(r'add\("[A-Z]+", "([^"]+)"', (ROOT / "adapters/webchat/application.py").read_text("utf-8")))
    for path in re.findall(r"(?:GET|POST|PUT) `?(/[\w/{}-]*)", document.read_text(encoding="utf-8")):
        generic = re.sub(r"\{\w+\}", "{}", path)
        assert generic in known or re.sub(r"/[A-Z]+(?=/|$)", "/{}", generic) in known, path


def test_every_metric_named_exists() -> None:
    source = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "adapters" / "http").rglob("*.py"))
    known = set(re.findall(r'"(trunkline_\w+)"', source))
    known |= {f"trunkline_{name}" for name, _ in (*COUNTED.values(), *STANDING.values())}
    pages = [*DOCS.glob("*.md"), *DECISIONS]
    named = set(re.findall(r"`(trunkline_[a-z_]+)", "".join(path.read_text(encoding="utf-8") for path in pages)))
    named -= {"trunkline_telnet"}
    assert len(named) > 10
    assert {name.removesuffix("_total").removesuffix("_info") for name in named} <= known


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_option_of_a_command_exists(document: Path) -> None:
    add_installed_commands(app)
    program: Any = typer.main.get_command(app)
    for line in re.findall(r"^\s*(?:\S*/)?trunkline ([a-z].*)$", document.read_text(encoding="utf-8"), re.MULTILINE):
        words = re.split(r" && |#|;", line)[0].split()
        command: Any = program
        for word in words:
            if word in getattr(command, "commands", {}):
                command = command.commands[word]
        assert command is not program, f"there is no command in: trunkline {line}"
        known = {option for parameter in command.params for option in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= known, line


def test_files_that_the_architecture_names_exist() -> None:
    text = (DOCS / "ARCHITECTURE.md").read_text(encoding="utf-8")
    named = {
        name for name in CODE.findall(text) if re.fullmatch(r"[\w/.]+\.(?:py|toml)|(?:engine|tests|adapters)/\w+", name)
    }
    assert len(named) > 40
    rooms = (ROOT, ROOT / "engine", ROOT / "engine" / "kernel", ROOT / "engine" / "log")
    assert [name for name in sorted(named) if not any((room / name).exists() for room in rooms)] == []


def test_decisions_have_the_form_and_are_listed() -> None:
    listed = re.findall(
        r"^(\d+)\. \[(.+)\]\((.+)\)$", (DOCS / "decisions" / "README.md").read_text("utf-8"), re.MULTILINE
    )
    assert [name for _, _, name in listed] == [path.name for path in DECISIONS]
    for (number, title, _), path in zip(listed, DECISIONS, strict=True):
        text = path.read_text(encoding="utf-8")
        assert path.name.startswith(f"{int(number):04d}-")
        assert text.startswith(f"# {number}. {title}\n\nDate: 20")
        parts = ("\nDate: ", "\nStatus: ", "\n## Context\n", "\n## Decision\n", "\n## Consequences\n")
        places = [text.find(part) for part in parts]
        assert all(0 < before < after for before, after in pairwise(places)), path.name


def test_the_changelog_tells_of_this_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    versions = re.findall(r"^## \[(\d[\w.]*)\] - \d{4}-\d\d-\d\d$", text, re.MULTILINE)
    assert versions[0] == project["version"]


def test_the_readme_lists_every_page_once() -> None:
    listed = re.findall(
        r"^\* \[.+?\]\(docs/(\w[\w-]*\.md)\): .+\.$", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE
    )
    assert sorted(listed) == sorted(path.name for path in DOCS.glob("*.md"))


def test_files_name_pages_that_exist() -> None:
    for path in NAMING:
        for page in re.findall(r"\bdocs/([A-Z][A-Z-]+\.md)", path.read_text(encoding="utf-8")):
            assert (DOCS / page).exists(), f"{path}: {page}"


def test_the_seam_of_adapters_is_told_whole() -> None:
    text = (DOCS / "ADAPTERS.md").read_text(encoding="utf-8")
    of_engine = {f"engine.{name}" for name in vars(ports.EngineLink) if not name.startswith("_")}
    seams = (ports.Adapter, ports.Reloadable, ports.Certified)
    own = {name for seam in seams for name in vars(seam) if not name.startswith("_")}
    told = {re.sub(r"\(.*", "", code) for cell in CELL.findall(text) for code in CODE.findall(cell)}
    assert of_engine | own <= told
