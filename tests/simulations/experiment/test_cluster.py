"""A real Dask cluster of two processes: the figures of this machine to the bit, and errors where it cannot play."""

import contextlib
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from simulations.commands.simulate import simulate as simulate_command
from simulations.commands.whatif import whatif as whatif_command
from simulations.experiment import runner
from simulations.experiment.cluster import Cluster, ClusterFailed
from simulations.experiment.recording import record
from simulations.experiment.result import Result
from simulations.experiment.simulate import simulate
from simulations.scenario.scenario import Scenario
from simulations.scenario.sections import Stop
from simulations.world.runner import SimulationFailed
from simulations.world.warm import warm

distributed = pytest.importorskip("distributed", reason="the extra 'cluster' is not installed")
pytestmark = [pytest.mark.timeout(600), pytest.mark.slow]  # the first of them may compile the world
TEXT = """
name: small
horizon: {from: 2026-11-23 08:00, to: 2026-11-23 10:00, interval: 30m}
queues:
  sales:
    arrivals: {rate: 2/min, busyness: 0.2}
    handle: {talk: empirical(talks.csv), wrap_up: exponential(20s)}
    patience: exponential(1m)
    strategy: longest-idle
    agents: 7
  help:
    arrivals: {trace: help.csv}
    handle: {talk: exponential(5m)}
    patience: never
    strategy: longest-idle
    agents: 2
limits: {contacts: 32}
experiment: {replications: 6, seed: 4}
"""


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scenario")
    (folder / "small.yaml").write_text(TEXT, encoding="utf-8")
    (folder / "talks.csv").write_text("\n".join(str(30 + 7 * place) for place in range(40)), encoding="utf-8")
    # More at once than there is room for at first: the worker makes room without the file.
    (folder / "help.csv").write_text("\n".join(str(60 + place) for place in range(80)), encoding="utf-8")
    return folder / "small.yaml"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The scheduler of two workers with a thread each."""
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address="127.0.0.1:0"
    ) as cluster:
        yield cluster.scheduler_address


class Mortal(NamedTuple):
    """A cluster of which every process can be killed, and none is started again."""

    address: str
    scheduler: subprocess.Popen[bytes]
    workers: list[subprocess.Popen[bytes]]


@pytest.fixture
def mortal(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mortal]:
    """One of a worker with a thread, or of as many workers as the test says."""
    count = getattr(request, "param", 1)
    at = tmp_path_factory.mktemp("mortal") / "scheduler.json"
    daemon = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0"]
    helper = [sys.executable, "-m", "distributed.cli.dask_worker", "--scheduler-file", str(at), "--no-nanny"]
    options = ["--no-dashboard", "--scheduler-file", str(at)]
    helper += ["--nthreads", "1", "--no-dashboard"]
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": Path.cwd()}
    with contextlib.ExitStack() as started:

        def start(arguments: list[str]) -> subprocess.Popen[bytes]:
            process = started.enter_context(subprocess.Popen(arguments, **quiet))
            started.callback(process.kill)
            return process

        scheduler = start([*daemon, *options])
        workers = [start(helper) for _ in range(count)]
        deadline = time.monotonic() + 60
        while not at.exists():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        address = json.loads(at.read_text(encoding="utf-8"))["address"]
        with distributed.Client(address, set_as_default=False) as client:
            client.wait_for_workers(count, timeout=60)
        yield Mortal(address, scheduler, workers)


@pytest.fixture
def told() -> Iterator[list[str]]:
    """What is logged by Dask and the loop in which it waits, wherever it would go."""
    found: list[str] = []

    class Listening(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append(record.getMessage())

    listening = Listening()
    loggers = [
        logging.getLogger(name) for name in ("distributed", "distributed.client", "tornado.application", "asyncio")
    ]
    for logger in loggers:
        logger.addHandler(listening)
    yield found
    for logger in loggers:
        logger.removeHandler(listening)


def play_and_kill(
    victim: subprocess.Popen[bytes], asked: list[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> Callable[[], tuple[str, ...]]:
    """Let those who are asked what they play with kill the victim first; return who asks without that."""
    mine, pid, pids = runner.played_by, victim.pid, [process.pid for process in asked]

    def played_by() -> tuple[str, ...]:
        if os.getpid() in pids:
            os.kill(pid, signal.SIGKILL)
        return mine()

    monkeypatch.setattr("simulations.experiment.cluster.played_by", played_by)
    return mine


def said(*arguments: str) -> tuple[int, str, str]:
    """How the command ended, and what it said to these arguments."""
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(simulate_command)
    done = CliRunner().invoke(app, list(arguments))
    return done.exit_code, done.stdout, done.stderr


def are_same(one: Result, other: Result) -> bool:
    """Whether all replications came to the same, to the bit."""
    return len(one.played) == len(other.played) and all(
        np.array_equal(mine, theirs)
        for pair in zip(one.played, other.played, strict=True)
        for mine, theirs in parts(pair)
    )


def parts(pair: tuple[runner.Played, runner.Played]) -> Iterator[tuple[Any, Any]]:
    return zip(*(msgspec.structs.astuple(played) for played in pair), strict=True)


def test_workers_are_ready_before_anything_is_played(address: str) -> None:
    with Cluster(address) as cluster:
        ready = cluster.client.run(lambda: warm.cache_info().currsize)
        assert list(ready.values()) == [1, 1]


def test_a_cluster_comes_to_the_figures_of_this_machine_to_the_bit(path: Path, address: str, tmp_path: Path) -> None:
    scenario = Scenario.load(path)
    told: list[tuple[int, int]] = []
    stop = Stop(metric="sales.asa_s", half_width=0.5, at_most=40)
    with Cluster(address) as cluster:
        assert cluster.threads() == 2
        # What other files say has travelled with the model: nothing is left of them.
        model = scenario.model
        assert len(model.parts["trace"]) == 80
        for name in ("help.csv", "talks.csv"):
            (path.parent / name).rename(tmp_path / name)
        found = simulate(scenario, seed=4, workers=cluster, stops=[stop], progress=lambda *seen: told.append(seen))
        other = simulate(scenario, 3, seed=5, workers=cluster)
    here = simulate(scenario, seed=4, stops=[stop])
    for name in ("help.csv", "talks.csv"):
        (tmp_path / name).rename(path.parent / name)
    assert are_same(found, here)
    assert here.replications > 6, "the rule for stopping asks for more than one round"
    assert told[-1] == (here.replications, here.replications)
    assert told == sorted(told)
    assert not are_same(other, simulate(scenario, 3, seed=4))


def test_the_command_prints_the_same_from_a_cluster(path: Path, address: str) -> None:
    code, there, errors = said(str(path), "-n", "4", "--json", "--cluster", address)
    assert code == 0, errors
    here = json.loads(said(str(path), "-n", "4", "--json")[1])
    assert json.loads(there) | {"elapsed_s": 0} == here | {"elapsed_s": 0}


def test_a_what_if_comes_to_the_same_there_without_the_log(path: Path, address: str, tmp_path: Path) -> None:
    policy = {"agents": {"add": {"like": "sales-1", "count": 2}}}
    record(Scenario.load(path), 4, 0, tmp_path)
    arguments = ["--log", str(tmp_path), "--policy", json.dumps(policy), "-n", "5", "--json"]
    here = whatif_said(*arguments)
    assert here["replications"] == 5
    assert whatif_said(*arguments, "--cluster", address) == here


def whatif_said(*arguments: str) -> dict[str, Any]:
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(whatif_command)
    done = CliRunner().invoke(app, list(arguments))
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_worker_of_another_build_is_named(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "installed_version", lambda: "9.9")
    with (
        pytest.raises(ClusterFailed, match=r"worker tcp://127\.0\.0\.1:\d+ has another build.*here 9\.9"),
        Cluster(address),
    ):
        pass


def test_a_scenario_that_fails_there_fails_here(path: Path, address: str) -> None:
    crowd = Scenario.load(path, ["queues.sales.arrivals={rate: 400/s}", "queues.sales.patience=never"])
    with Cluster(address) as cluster, pytest.raises(SimulationFailed, match="contacts at once"):
        simulate(crowd, 1, workers=cluster)


def test_what_a_lost_worker_had_is_played_again(path: Path, address: str) -> None:
    scenario = Scenario.load(path)
    with Cluster(address) as cluster:
        pids = list(cluster.client.run(os.getpid).values())

        def lose_one(done: int, planned: int) -> None:
            if pids:
                os.kill(pids.pop(), signal.SIGKILL)
                pids.clear()

        found = simulate(scenario, 24, seed=4, workers=cluster, progress=lose_one)
    assert not pids
    assert are_same(found, simulate(scenario, 24, seed=4))


def test_a_scheduler_that_is_lost_is_named_and_dask_tells_nothing(path: Path, mortal: Mortal, told: list[str]) -> None:
    with (
        Cluster(mortal.address) as cluster,
        pytest.raises(ClusterFailed, match=f"scheduler at {mortal.address} was lost: start"),
    ):
        simulate(Scenario.load(path), 5000, workers=cluster, progress=lambda *_: mortal.scheduler.kill())
    assert told == []
    logging.getLogger("distributed.client").warning("heard again")
    assert "heard again" in told


def test_a_scheduler_that_is_lost_as_builds_are_asked_for_is_named_not_the_log(
    path: Path, mortal: Mortal, told: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(Scenario.load(path), 4, 0, tmp_path)
    play_and_kill(mortal.scheduler, mortal.workers, monkeypatch)
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(whatif_command)
    done = CliRunner().invoke(app, ["--log", str(tmp_path), "--policy", "{}", "--cluster", mortal.address])
    assert done.exit_code == 5
    assert f"error: the scheduler at {mortal.address} was lost: start" in done.stderr
    assert str(tmp_path) not in done.stderr
    assert told == []


@pytest.mark.parametrize("mortal", [2], indirect=True)
def test_workers_that_are_lost_are_left_out_until_none_is_left(
    path: Path, mortal: Mortal, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One as it is asked for its build; the other with what it played, before that is fetched."""
    first, second = mortal.workers
    mine = play_and_kill(first, [first], monkeypatch)
    with Cluster(mortal.address) as cluster:
        assert cluster.threads() == 1
        monkeypatch.setattr("simulations.experiment.cluster.played_by", mine)
        monkeypatch.setattr("simulations.experiment.cluster.WORKERS_S", 0.5)

        def lose_what_is_played(*_: int) -> None:
            with cluster.client.as_current():
                distributed.wait(
                    [distributed.Future(key, cluster.client) for key in list(cluster.client.futures)], timeout=60
                )
            second.kill()
            second.wait()

        with pytest.raises(ClusterFailed, match=f"cluster at {mortal.address} has had no worker for"):
            simulate(Scenario.load(path), 8, workers=cluster, progress=lose_what_is_played)
    with (
        pytest.raises(ClusterFailed, match=f"cluster at {mortal.address} has had no worker for"),
        Cluster(mortal.address),
    ):
        pass
    assert told == []


def test_no_scheduler_at_the_address(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulations.experiment.cluster.CONNECT_S", 0.5)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        code, _, errors = said(str(path), "--cluster", f"tcp://127.0.0.1:{taken.getsockname()[1]}")
    assert code == 5
    assert "no scheduler of Dask answers at tcp://127.0.0.1:" in errors


@pytest.mark.parametrize("address", ["garbage", "carrier-pigeon://10.0.0.5:8786", ""])
def test_what_is_no_address_is_said_before_a_client_is_begun(
    path: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client of Dask that could not begin waits long for itself when it is forgotten, and tells a traceback."""
    begun: list[str] = []
    monkeypatch.setattr("distributed.Client", lambda address, **_: begun.append(address))
    code, _, errors = said(str(path), "--cluster", address)
    assert (code, begun) == (5, [])
    assert f"no scheduler of Dask answers at {address} (" in errors


def test_threads_and_a_cluster_at_once_are_not_understood(path: Path) -> None:
    assert said(str(path), "--workers", "2", "--cluster", "tcp://127.0.0.1:1")[0] == 2


def test_without_distributed_the_error_says_what_to_install(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    code, _, errors = said(str(path), "--cluster", "tcp://127.0.0.1:1")
    assert code == 5
    assert "pip install 'trunkline[cluster]'" in errors
