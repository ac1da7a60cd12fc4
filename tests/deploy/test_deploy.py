"""What stands in deploy/: rules that Prometheus reads, a dashboard that it can answer, a unit that systemd reads."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest
from ruamel.yaml import YAML

from adapters.http.metrics.queues import AGENT_STATES

ROOT: Final = Path(__file__).parents[2]
DEPLOY: Final = ROOT / "deploy"
RULES: Final = DEPLOY / "prometheus" / "trunkline.rules.yaml"
RULE_TESTS: Final = DEPLOY / "prometheus" / "trunkline.rules.test.yaml"
KINDS_OF_FILES: Final = ("rules", "tests of rules", "dashboard")
OF_AGENTS: Final = re.compile(r'trunkline_(?:agents|staff)\{[^}]*state=~?"([^"]*)"')
METRIC: Final = re.compile(r"\btrunkline_[a-z_]+\b")
SELECTOR: Final = re.compile(r"\b(trunkline_[a-z_]+)\{([^}]*)\}")
GROUPED: Final = re.compile(r"\b(?:by|on|without|ignoring|group_left|group_right) \(([^)]*)\)")
LEFT_OUT: Final = re.compile(r"\bunless on \([^)]*\) \w+")
"""What is told of no more than which series are left out: its labels are not those of what is left."""
SPOKEN: Final = re.compile(r"\$labels\.(\w+)")
OF_EVERY_SERIES: Final = {"instance", "job", "le"}
SUFFIXES: Final = ("_bucket", "_sum", "_count")
VARIABLES: Final = {"$instance": ".*", "$queue": ".*", "${datasource}": "prometheus"}


def dashboard() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((DEPLOY / "grafana" / "trunkline.json").read_text())
    return found


def queries() -> list[str]:
    """Every query of the dashboard, its variables filled in."""
    found = [target["expr"] for panel in dashboard()["panels"] for target in panel.get("targets", [])]
    for name, value in VARIABLES.items():
        found = [query.replace(name, value) for query in found]
    return found


def documented() -> set[str]:
    return set(METRIC.findall((ROOT / "docs" / "METRICS.md").read_text()))


def labels_of(name: str) -> set[str]:
    """The labels that a metric has, as documented, and those that Prometheus gives every series."""
    row = re.search(rf"^\| `{family(name)}` \| ([^|]+) \| \S", (ROOT / "docs" / "METRICS.md").read_text(), re.MULTILINE)
    assert row, name
    return set(re.findall(r"`(\w+)`", row[1])) | OF_EVERY_SERIES


def expressions() -> list[tuple[str, str]]:
    """Every expression of the rules with its texts, and every query of the dashboard with its legend."""
    rules = [rule for group in YAML(typ="safe").load(RULES)["groups"] for rule in group["rules"]]
    panels = [target for panel in dashboard()["panels"] for target in panel.get("targets", [])]
    told = [(rule["expr"], " ".join(rule.get("annotations", {}).values())) for rule in rules]
    legends = [(target["expr"], target.get("legendFormat", "")) for target in panels]
    return told + [(expr, re.sub(r"\{\{ *(\w+) *\}\}", r"$labels.\1", legend)) for expr, legend in legends]


def family(name: str) -> str:
    return next((name.removesuffix(suffix) for suffix in SUFFIXES if name.endswith(suffix)), name)


def peer(command: str) -> str:
    """The command's path; skips the test where it is absent."""
    path = shutil.which(command)
    if path is None:
        pytest.skip(f"{command} is not installed")
    return path


def run(*command: str | Path, folder: Path = RULES.parent) -> str:
    done = subprocess.run([*map(str, command)], cwd=folder, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize("text", [RULES.read_text(), "\n".join(queries())], ids=["rules", "dashboard"])
def test_only_metrics_that_exist_are_asked_for(text: str) -> None:
    asked = {family(name) for name in METRIC.findall(text)}
    assert len(asked) > 10
    assert asked - documented() == set()


@pytest.mark.parametrize(("expression", "spoken"), expressions())
def test_only_labels_that_the_metrics_have_are_asked_for(expression: str, spoken: str) -> None:
    metrics = METRIC.findall(LEFT_OUT.sub("", expression))
    if not metrics:
        return
    known = set.intersection(*(labels_of(name) for name in metrics))
    grouped = {label for names in GROUPED.findall(expression) for label in names.replace(" ", "").split(",") if label}
    assert grouped | set(SPOKEN.findall(spoken)) <= known
    for name, matchers in SELECTOR.findall(expression):
        assert set(re.findall(r"(\w+)\s*[=!]", matchers)) <= labels_of(name), name


@pytest.mark.parametrize("text", [RULES.read_text(), RULE_TESTS.read_text(), "\n".join(queries())], ids=KINDS_OF_FILES)
def test_only_states_of_agents_that_there_are_are_asked_for(text: str) -> None:
    asked = {state for states in OF_AGENTS.findall(text) for state in states.split("|")}
    assert asked
    assert asked - AGENT_STATES.keys() == set(), "an alert on another one would never come"


def test_every_panel_has_a_place_of_its_own_and_a_query() -> None:
    panels = dashboard()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < 24
        taken |= cells
        assert panel["type"] == "row" or panel["targets"]


@pytest.mark.peer
def test_prometheus_reads_the_rules_and_they_do_what_they_say() -> None:
    promtool = peer("promtool")
    assert "SUCCESS" in run(promtool, "check", "rules", RULES)
    assert "SUCCESS" in run(promtool, "test", "rules", "trunkline.rules.test.yaml")
    assert "SUCCESS" in run(promtool, "check", "config", "--syntax-only", "prometheus.yaml")


@pytest.mark.peer
def test_prometheus_understands_every_query_of_the_dashboard(tmp_path: Path) -> None:
    rules = [{"record": f"panel:{number}", "expr": query} for number, query in enumerate(queries())]
    file = tmp_path / "queries.yaml"
    with file.open("w") as stream:
        YAML().dump({"groups": [{"name": "dashboard", "rules": rules}]}, stream)
    assert f"{len(rules)} rules found" in run(peer("promtool"), "check", "rules", file)


@pytest.mark.peer
def test_systemd_reads_the_unit(tmp_path: Path) -> None:
    unit = tmp_path / "trunkline.service"
    installed = Path(sys.executable).parent
    unit.write_text(
        (DEPLOY / "systemd" / "trunkline.service").read_text().replace("/opt/trunkline/bin", str(installed))
    )
    assert "trunkline.service" not in run(peer("systemd-analyze"), "verify", unit)
