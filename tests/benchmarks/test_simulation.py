"""Beside whom our speed is told: every round has all of them, so that a slow minute of the machine is everybody's."""

import pytest

from benchmarks import bench_simulation
from benchmarks.bench_simulation import ROUNDS, Rate


def test_rounds_are_interleaved_and_ratios_are_of_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []

    def who(name: str, rate: float) -> Rate:
        """Somebody on a machine that is slower with each round."""

        def play(number: int) -> float:
            order.append(name)
            return rate / (number + 1)

        return play

    monkeypatch.setattr(bench_simulation, "_ours", lambda _: who("ours", 300.0))
    peers = {"simpy": lambda *_: who("simpy", 10.0), "ciw": "ciw is not installed", "c": lambda *_: who("c", 900.0)}
    found = bench_simulation._rounds(12, 2.4, peers)  # type: ignore[arg-type]
    assert order == ["ours", "simpy", "c"] * ROUNDS
    assert bench_simulation.ratio(found["ours"], found["simpy"]) == pytest.approx(30.0)
    assert bench_simulation._beside("ciw", peers["ciw"], {12: found})["skipped"] == "ciw is not installed"  # type: ignore[arg-type]
    told = bench_simulation._beside("c", peers["c"], {12: found})  # type: ignore[arg-type]
    assert (told["name"], told["value"], told["c12"]) == ("sim_vs_c", 0.33, 0.33)
