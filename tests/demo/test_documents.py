"""What the documents promise: links lead somewhere, and commands run."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
import typer.main

from engine.main import add_installed_commands, app
from engine.messages.observed import Observed
from simulations.demo.screen import CONTACT

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("simulations/examples/**/*.md")])
README = (ROOT / "README.md").read_text(encoding="utf-8")
LINK = re.compile(r"\[[^\]]+\]\(([^)\s]+)\)")
BODY = re.compile(r"-d '([^']+)'")


def anchors(document: Path) -> set[str]:
    """Where links into a document may lead: its headings, as code hosts name them, and what it names itself."""
    text = document.read_text(encoding="utf-8")
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    named = set(re.findall(r'<a id="([^"]+)"></a>', text))
    return named | {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def code_lines(text: str) -> list[str]:
    """The lines of code blocks, with continued ones joined."""
    lines = re.findall(r"^(?: {4,})(\S.*)$", text, re.MULTILINE)
    fenced = [
        line
        for block in re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
        for line in block.splitlines()
    ]
    return re.sub(r"\\\n\s*", " ", "\n".join([*lines, *fenced])).splitlines()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(document: Path) -> None:
    for link in LINK.findall(document.read_text(encoding="utf-8")):
        if re.match(r"[a-z]+:", link):
            continue
        place, _, anchor = link.partition("#")
        target = (document.parent / place).resolve() if place else document
        assert target.exists(), f"{link} leads nowhere"
        assert not anchor or anchor in anchors(target), f"{link}: there is no such heading"


def test_every_command_line_is_understood() -> None:
    add_installed_commands(app)
    program = typer.main.get_command(app)
    known = set(program.commands) | {"token new"}  # type: ignore[attr-defined]
    found = 0
    for document in DOCUMENTS:
        for line in code_lines(document.read_text(encoding="utf-8")):
            words = shlex.split(line, comments=True) if "trunkline " in line and line.count("'") % 2 == 0 else []
            for place, word in enumerate(words[:-1]):
                if word.rpartition("/")[2] == "trunkline" and place == 0:
                    assert words[1] in known or " ".join(words[1:3]) in known, f"{document.name}: {line}"
                    found += 1
    assert found >= 3


def test_every_make_target_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    for document in DOCUMENTS:
        for line in code_lines(document.read_text(encoding="utf-8")):
            if line.startswith("make "):
                assert line.split()[1] in targets, f"{document.name}: {line}"


def test_the_facts_in_the_examples_are_facts() -> None:
    texts = BODY.findall("\n".join(document.read_text(encoding="utf-8") for document in DOCUMENTS))
    found = 0
    for text in texts:
        body = json.loads(text)
        facts = [fact for fact in (body if isinstance(body, list) else [body]) if "type" in fact]
        found += len(msgspec.convert(facts, list[Observed]))
    assert found >= 3
    assert CONTACT in README


@pytest.mark.slow
@pytest.mark.parametrize("line", ["trunkline check simulations/demo/centre.yaml", "trunkline version"])
def test_commands_that_change_nothing_run(line: str) -> None:
    command = [sys.executable, "-m", "engine.main", *line.split()[1:]]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
