"""The command line: what each command prints and how it exits."""

import errno
import hashlib
import re
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from engine.commands.outcome import Exit, errors_as_exits, exit_code, sentence
from engine.config import load_config
from engine.errors import (
    ConfigError,
    LogDamaged,
    LogLocked,
    LogWriteFailed,
    Overloaded,
    ReplayMismatch,
    SegmentNotMade,
    TrunklineError,
)
from engine.main import COMMANDS, add_installed_commands, app

ROOT = Path(__file__).parents[1]
run = CliRunner().invoke


@pytest.fixture
def centre(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        file = tmp_path / "centre.yaml"
        file.write_text(text, encoding="utf-8")
        return file

    return write


@pytest.mark.slow
def test_help_names_every_command_and_loads_no_engine() -> None:
    program = (
        "import sys\nfrom engine.main import main\ntry: main()\nfinally: print({'numpy', 'pydantic'} & {*sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "--help"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    for command in ("serve", "check", "verify", "backup", "restore", "version", "token"):
        assert re.search(rf"\b{command}\b", done.stdout)
    assert "3 log damaged" in " ".join(done.stdout.split())
    assert done.stdout.strip().endswith("set()")


PLAN_COMMANDS = [["plan", word] for word in ("check", "status", "preview", "activate", "deactivate", "print")]


@pytest.mark.parametrize(
    "command",
    [["serve"], ["check"], ["verify"], ["backup"], ["restore"], ["token", "new"], ["log", "prune"], *PLAN_COMMANDS],
)
def test_each_command_has_help_with_an_example(command: list[str]) -> None:
    done = run(app, [*command, "--help"])
    assert done.exit_code == Exit.OK
    assert f"Example: trunkline {' '.join(command)}" in done.output


def test_check_prints_a_summary_of_a_good_file(centre: Callable[[str], Path]) -> None:
    file = centre("queues: {sales: {skills: {s: 3}}, help: {}}\nagents: [{name: a, skills: {s: 2}}]")
    done = run(app, ["check", str(file)])
    assert done.exit_code == Exit.OK
    assert "good. 1 agent, 2 queues, 1 skill, 0 trunk groups" in done.output
    assert "note: no agent can serve queue 'sales'" in done.output
    assert "'help'" not in done.output


def test_check_prints_all_faults_of_a_bad_file_on_stdout(centre: Callable[[str], Path]) -> None:
    file = centre("queues: {sales: {strateg: erlang}}\nagents: [{nam: a}]")
    done = run(app, ["check", str(file)])
    assert done.exit_code == Exit.FINDINGS
    assert done.stdout.splitlines() == [
        f"{file}:1:18: unknown word 'strateg'; did you mean 'strategy'?",
        f"{file}:2:10: 'name' is missing",
        f"{file}:2:11: unknown word 'nam'; did you mean 'name'?",
    ]


def test_check_takes_several_files_and_ends_as_the_worst_of_them(centre: Callable[[str], Path], tmp_path: Path) -> None:
    good = centre("queues: {help: {}}")
    bad = tmp_path / "bad.yaml"
    bad.write_text("queues: {sales: {strateg: erlang}}", encoding="utf-8")
    done = run(app, ["check", str(bad), str(good)])
    assert done.exit_code == Exit.FINDINGS
    assert f"{bad}:1:18: unknown word 'strateg'" in done.stdout
    assert "good. 0 agents, 1 queue" in done.stdout, "the file after a bad one is checked, too"
    assert run(app, ["check", str(good), str(good)]).exit_code == Exit.OK


@pytest.mark.parametrize("arguments", [["chek"], ["check"], ["serve", "a"], ["verify", "absent"]])
def test_what_is_not_understood_is_usage(arguments: list[str]) -> None:
    assert run(app, arguments).exit_code == Exit.USAGE


def test_token_new_prints_a_secret_once_and_its_line_of_configuration(centre: Callable[[str], Path]) -> None:
    done = run(app, ["token", "new", "--id", "wall", "--scope", "read", "--scope", "ingest"])
    assert done.exit_code == Exit.OK
    assert done.stdout.count("\n") == 1
    prefix, token_id, secret = done.stdout.strip().split("_", 2)
    assert (prefix, token_id) == ("trunkline", "wall")
    assert len(secret) >= 43
    entry = done.stderr.partition("tokens:")[2]
    (token,) = load_config(centre(f"queues: {{q: {{}}}}\ntokens:{entry}")).tokens
    assert (token.id, token.scopes) == ("wall", ["read", "ingest"])
    assert token.sha256 == hashlib.sha256(secret.encode()).hexdigest()


def test_token_new_binds_to_an_agent(centre: Callable[[str], Path]) -> None:
    done = run(app, ["token", "new", "--scope", "agent", "--agent", "nga"])
    entry = done.stderr.partition("tokens:")[2]
    (token,) = load_config(centre(f"queues: {{q: {{}}}}\nagents: [{{name: nga}}]\ntokens:{entry}")).tokens
    assert token.agent == "nga"


@pytest.mark.parametrize(
    "arguments",
    [
        ["--scope", "red"],
        ["--scope", "read", "--id", "A B"],
        ["--scope", "agent", "--scope", "admin", "--agent", "nga"],
        [],
    ],
)
def test_token_new_refuses_what_the_configuration_would(arguments: list[str]) -> None:
    assert run(app, ["token", "new", *arguments]).exit_code == Exit.USAGE


def test_further_commands_come_by_entry_point_and_a_broken_one_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    points = [
        EntryPoint("demo", "simulations.demo.command:demo", COMMANDS),
        EntryPoint("broken", "no_such_module:command", COMMANDS),
    ]
    monkeypatch.setattr("engine.main.entry_points", lambda group: points)
    program = typer.Typer()
    program.command("own")(lambda: None)
    add_installed_commands(program)
    assert "the command 'broken' cannot be loaded: No module named 'no_such_module'" in capsys.readouterr().err
    assert "--for" in run(program, ["demo", "--help"]).output
    assert run(program, ["demo", "--for", "soon"]).exit_code == Exit.USAGE


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigError(["a"]), Exit.FINDINGS),
        (ReplayMismatch(3, "a", "b"), Exit.FINDINGS),
        (LogDamaged("a", 1, 2, "b"), Exit.DAMAGED),
        (LogLocked("a"), Exit.LOCKED),
        (LogWriteFailed("a"), Exit.FAILED),
        (Overloaded("a"), Exit.FAILED),
        (OSError(98, "in use"), Exit.FAILED),
    ],
)
def test_every_error_has_its_exit_code(error: Exception, code: Exit, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(error) is code
    with pytest.raises(typer.Exit) as caught, errors_as_exits():
        raise error
    assert caught.value.exit_code == code
    assert capsys.readouterr().err.strip()


def test_an_interruption_is_said_and_has_its_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as caught, errors_as_exits():
        raise KeyboardInterrupt
    assert (caught.value.exit_code, capsys.readouterr().err) == (130, "interrupted\n")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "data: no space left on device; make room, or"),
        (SegmentNotMade(errno.ENOSPC, "No space", "d/spare-1"), "d/spare-1: no space; make room (the log begins"),
        (
            SegmentNotMade(errno.EFBIG, "Too large", "d/spare-1"),
            "d/spare-1: too large; a limit keeps this process from ",
        ),
        (
            OSError(errno.ENOSPC, "No space", "my/log/run.json"),
            "my/log/run.json: no space; make room, or name a folder",
        ),
        (OSError(errno.EACCES, "Permission denied", "data/log"), "data/log: permission denied; the user who runs this"),
        (OSError(errno.EROFS, "Read-only file system", "data"), "data: read-only file system; name a folder that"),
        (OSError(errno.ENOTDIR, "Not a directory", "f/x"), "f/x: not a directory; a file stands where a folder is"),
        (OSError(errno.EISDIR, "Is a directory", "f"), "f: is a directory; a folder stands where a file is needed"),
        (OSError(errno.EFBIG, "File too large"), "data: file too large; a limit keeps this process from writing files"),
        (OSError(errno.EIO, "Input/output error"), "data: input/output error"),
        (LogLocked("data/log is being written by process 7"), "data/log is being written by process 7"),
    ],
)
def test_errors_say_what_where_and_what_to_do(error: OSError | TrunklineError, said: str) -> None:
    assert sentence(error, Path("data")).startswith(said)


def test_a_port_in_use_says_what_to_do() -> None:
    failed = TrunklineError("adapter 'sip' could not be started: address already in use")
    failed.__cause__ = OSError(errno.EADDRINUSE, "Address already in use")
    assert sentence(failed).endswith("stop it, or set another 'port' in the section of the adapter")


def test_a_kernel_that_can_be_kept_nowhere_says_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as caught, errors_as_exits():
        raise RuntimeError("cannot cache function 'step': no locator available for file 'step.py'")
    assert caught.value.exit_code == Exit.FAILED
    assert "set XDG_CACHE_HOME" in capsys.readouterr().err
    with pytest.raises(RuntimeError, match="something else"), errors_as_exits():
        raise RuntimeError("something else")
