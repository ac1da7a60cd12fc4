"""The real program: it starts, reads its configuration again, stops when told, and leaves a log that verifies."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from engine.commands.serve import Reloader, said_of
from engine.config import Config
from engine.errors import ConfigError, SettingsRefused
from engine.live.host import EngineHost, Reloaded
from engine.live.loads import ConfigurationLoads

ROOT = Path(__file__).parents[2]
CENTRE = "service: {{seed: {seed}}}\nlimits: {{contacts: 16, agents: 4, queues: 4}}\nqueues: {{q: {{}}}}\n"

pytestmark = pytest.mark.slow


def trunkline(*arguments: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "engine.main", *arguments]
    return subprocess.Popen(command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def wait_for(text: str, program: "subprocess.Popen[str]") -> None:
    """Read what the program says until it says `text`; the test's own time limit ends a wait in vain."""
    assert program.stderr is not None
    heard = []
    for line in program.stderr:
        heard.append(line)
        if text in line:
            return
    pytest.fail(f"ended without saying {text!r}: {''.join(heard)}")


@pytest.fixture
def centre(tmp_path: Path) -> Path:
    file = tmp_path / "centre.yaml"
    file.write_text(CENTRE.format(seed=1), encoding="utf-8")
    return file


@pytest.fixture
def served(centre: Path, tmp_path: Path) -> "Iterator[subprocess.Popen[str]]":
    program = trunkline("serve", str(centre), "--data", str(tmp_path / "data"))
    try:
        wait_for("ready at sequence", program)
        yield program
    finally:
        program.kill()
        program.communicate()


def test_it_reloads_on_sighup_stops_on_sigterm_and_its_log_verifies(
    served: "subprocess.Popen[str]", centre: Path, tmp_path: Path
) -> None:
    centre.write_text(CENTRE.format(seed=2), encoding="utf-8")
    served.send_signal(signal.SIGHUP)
    wait_for("configuration read again: 1 setting changed", served)
    centre.write_text(CENTRE.format(seed="two"), encoding="utf-8")
    served.send_signal(signal.SIGHUP)
    wait_for("centre.yaml:1:17: 'two' is not a whole number", served)
    wait_for("the configuration was not changed", served)
    served.send_signal(signal.SIGTERM)
    assert served.wait() == 0

    verifier = trunkline("verify", str(tmp_path / "data"), "--json")
    report, errors = verifier.communicate()
    assert verifier.returncode == 0, errors
    assert json.loads(report)["ok"] is True


def test_what_a_reload_changed_is_said_by_number_and_name() -> None:
    assert said_of(Reloaded(1, [])) == "1 setting changed"
    assert said_of(Reloaded(0, ["adapters.webchat"])) == "0 settings changed, and these sections: adapters.webchat"


def test_a_second_engine_on_the_same_folder_is_locked_out(
    served: "subprocess.Popen[str]", centre: Path, tmp_path: Path
) -> None:
    second = trunkline("serve", str(centre), "--data", str(tmp_path / "data"))
    _, errors = second.communicate()
    assert second.returncode == 4
    assert "error: " in errors


def test_a_start_that_fails_says_so_in_the_format_that_was_asked_for(centre: Path, tmp_path: Path) -> None:
    centre.write_text(CENTRE.format(seed="two"), encoding="utf-8")
    program = trunkline("serve", str(centre), "--data", str(tmp_path / "data"), "--log-format", "json")
    _, errors = program.communicate()
    assert program.returncode == 1
    said = json.loads(errors)
    assert said["level"] == "error"
    assert "'two' is not a whole number" in said["msg"]


def test_what_is_no_log_cannot_be_verified(tmp_path: Path) -> None:
    verifier = trunkline("verify", str(tmp_path))
    _, errors = verifier.communicate()
    assert verifier.returncode == 5
    assert "there is no log in" in errors


async def test_a_reload_that_fails_otherwise_is_said_and_the_next_one_is_read(
    centre: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Host:
        """Stands for an engine whose disk is full."""

        calls = 0
        engine = SimpleNamespace(loads=ConfigurationLoads())

        async def reload(self, _config: Config) -> int:
            self.calls += 1
            raise OSError("no space left on device")

    host, reloader = Host(), Reloader(centre)
    for _ in range(2):
        await reloader.reload(cast("EngineHost", host))
    assert host.calls == 2
    assert "the configuration could not be read again" in caplog.text
    assert "no space left on device" in caplog.text
    assert host.engine.loads.refused == ("OSError: no space left on device",)


@pytest.mark.parametrize(
    ("error", "said", "unsaid"),
    [
        (ConfigError(["a fault"]), "was not changed", "but for this"),
        (SettingsRefused(["a fault"]), "but for this", "was not changed"),
    ],
)
async def test_a_reload_says_what_it_changed(
    centre: Path, caplog: pytest.LogCaptureFixture, error: ConfigError, said: str, unsaid: str
) -> None:
    class Host:
        """Stands for an engine that does not take a setting."""

        engine = SimpleNamespace(loads=ConfigurationLoads())

        async def reload(self, _config: Config) -> int:
            raise error

    await Reloader(centre).reload(cast("EngineHost", Host()))
    assert "a fault" in caplog.text
    assert said in caplog.text
    assert unsaid not in caplog.text
    assert Host.engine.loads.counts["refused"] == (said == "was not changed"), (
        "what is in force in part, the host tells"
    )
