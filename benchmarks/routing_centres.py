"""Centres on which routing is measured: small ones whose optimum is known exactly, and larger ones for comparison.

Minutes throughout. The optima are of the continuous-time Markov decision problem, without preemption and with idling
allowed, by value iteration. R6x10 is a realistic centre of six types and ten groups; the last two are drawn at random.
"""

from typing import Final

import msgspec
import numpy as np

from benchmarks.routing_world import Instance


class Case(msgspec.Struct, frozen=True):
    """A centre, what losing a contact of each type costs, and the least that can be lost a minute, as published."""

    name: str
    centre: Instance
    values: list[float]
    optimum: float | None = None
    swing: float = 0.0
    """Share by which arrival rates rise and fall in eight hours."""


N: Final = Instance(lam=[2.0, 2.0], m=[[4.0, 4.0], [0.0, 4.0]], pat=[3.0, 3.0], n=[7, 9])
V: Final = Instance(lam=[3.0, 1.0], m=[[4.0], [4.0]], pat=[3.0, 6.0], n=[16])
X: Final = Instance(lam=[1.5, 1.5], m=[[4.0, 6.0], [6.0, 4.0]], pat=[3.0, 3.0], n=[6, 6])
M: Final = Instance(lam=[3.0, 3.0], m=[[4.0, 4.5, 0.0], [0.0, 4.5, 4.0]], pat=[3.0, 3.0], n=[9, 7, 9])
BIL: Final = Instance(lam=[5 / 3, 5 / 3], m=[[5.0, 0.0, 5.0], [0.0, 5.0, 5.0]], pat=[2.0, 2.0], n=[7, 7, 4])
R6X10: Final = Instance(
    lam=[6.0, 4.0, 3.0, 2.0, 1.5, 0.8],
    m=[
        [5.0, 0.0, 0.0, 5.5, 0.0, 0.0, 0.0, 5.5, 0.0, 6.0],
        [0.0, 5.0, 0.0, 5.5, 5.5, 0.0, 0.0, 0.0, 5.5, 6.0],
        [0.0, 0.0, 6.0, 0.0, 6.5, 6.5, 0.0, 6.5, 0.0, 6.5],
        [0.0, 0.0, 0.0, 0.0, 0.0, 7.0, 7.5, 7.5, 7.5, 8.0],
        [0.0, 0.0, 0.0, 4.0, 0.0, 0.0, 4.0, 4.5, 0.0, 4.5],
        [0.0, 0.0, 0.0, 0.0, 9.0, 0.0, 9.0, 0.0, 9.5, 9.5],
    ],
    pat=[3.0, 3.0, 4.0, 5.0, 2.0, 6.0],
    n=[16, 10, 8, 14, 10, 10, 9, 8, 8, 5],
)


def drawn(seed: int, types: int, groups: int, agents: int, load: float) -> tuple[Instance, list[float]]:
    """Return a centre drawn at random: who serves what and how fast, volumes near `load`, patience and values."""
    draw = np.random.default_rng(seed)
    skills = [
        set(draw.choice(types, size=int(draw.integers(1, min(types, 5) + 1)), replace=False).tolist())
        for _ in range(groups)
    ]
    for k in range(types):
        if not any(k in served for served in skills):
            skills[int(draw.integers(groups))].add(k)
    base = draw.uniform(3, 9, types)
    m = [
        [float(round(base[k] * draw.uniform(0.9, 1.25), 2)) if k in skills[g] else 0.0 for g in range(groups)]
        for k in range(types)
    ]
    n = [int(more) + 2 for more in draw.multinomial(agents - 2 * groups, np.ones(groups) / groups)]
    capacity = np.zeros(types)
    for g in range(groups):
        for k in skills[g]:
            capacity[k] += n[g] / len(skills[g])
    lam = [float(round(load * capacity[k] / base[k] * draw.uniform(0.85, 1.15), 3)) for k in range(types)]
    pat = [float(round(mean, 1)) for mean in draw.uniform(2, 7, types)]
    return Instance(lam=lam, m=m, pat=pat, n=n), [float(value) for value in draw.choice([1, 1, 2, 3], types)]


def unseen() -> list[Case]:
    """Return small centres drawn at random on which no number of the rule was chosen."""
    draw = np.random.default_rng(2027)
    shapes: list[tuple[str, list[list[float]], list[float]]] = [
        ("N", [[1, 1], [0, 1]], [4, 1]),
        ("N", [[1, 1], [0, 1]], [3, 1]),
        ("N", [[1, 1], [0, 1]], [1, 3]),
        ("V", [[1], [1]], [4, 1]),
        ("V", [[1], [1]], [4, 3]),
        ("two pools for both", [[1, 1], [1, 1]], [1, 2]),
        ("two pools for both, one a tenth slower", [[1, 1.1], [1, 1.1]], [2, 1]),
        ("W", [[1, 1, 0], [0, 1, 1]], [3, 2]),
        ("W", [[1, 1, 0], [0, 1, 1]], [3, 3]),
        ("X, 1.7 and 1.3 times", [[1, 1.7], [1.3, 1]], [3, 3]),
        ("X, 1.4 and 1.5 times", [[1, 1.4], [1.5, 1]], [2, 3]),
        ("X, one way, 1.6 times", [[1, 0], [1.6, 1]], [1, 2]),
    ]
    found = []
    for name, factors, values in shapes:
        groups = len(factors[0])
        base = [float(round(mean, 1)) for mean in draw.uniform(3, 6, 2)]
        m = [[base[k] * factor for factor in row] for k, row in enumerate(factors)]
        n = [int(count) for count in draw.integers(3, 9, groups)] if groups > 1 else [int(draw.integers(10, 19))]
        share = float(draw.uniform(0.35, 0.65))
        load = sum(n) * float(draw.uniform(0.85, 1.0))
        lam = [round(load * share / base[0], 3), round(load * (1 - share) / base[1], 3)]
        pat = [float(round(mean, 1)) for mean in draw.uniform(2, 6, 2)]
        told = f"{name}: {', '.join(map(str, n))} agents, values {values[0]:g} and {values[1]:g}"
        found.append(Case(told, Instance(lam=lam, m=m, pat=pat, n=n), [float(value) for value in values]))
    return found


def cases() -> list[Case]:
    """Return all of them, the smallest first."""
    known = [
        Case("N, values 1 and 1", N, [1.0, 1.0], 0.4979335),
        Case("N, values 3 and 1", N, [3.0, 1.0], 0.6697312),
        Case("N, values 1 and 3", N, [1.0, 3.0], 0.9941465),
        Case("V", V, [1.0, 1.0], 0.3956250),
        Case("X", X, [1.0, 1.0], 0.4835265),
    ]
    compared = [
        Case(f"{name}, values 1 and {high}", centre, [1.0, float(high)] * (len(centre.lam) // 2))
        for name, centre in (("M", M), ("BIL", BIL), ("R6x10", R6X10))
        for high in (1, 3)
    ]
    made = [
        Case(f"{len(centre.lam)}x{len(centre.n)}, seed {seed}", centre, values)
        for seed, (centre, values) in (
            (7, drawn(7, 6, 10, 90, 1.0)),
            (8, drawn(8, 6, 10, 120, 0.9)),
            (3, drawn(3, 8, 14, 160, 0.97)),
            (5, drawn(5, 12, 20, 240, 0.93)),
        )
    ]
    changing = [
        msgspec.structs.replace(case, name=f"{case.name}, rates +-40 %", swing=0.4)
        for case in (compared[3], compared[5], made[1])
    ]
    return known + compared + made + changing
