"""A programme of whole shifts as HiGHS solves it: from a start that the relaxed problem leads to, until time is up."""

from collections.abc import Callable, Iterable
from typing import Any, Final

import highspy
import numpy as np

from simulations.queueing.arrays import Floats
from simulations.queueing.errors import Unreachable

GAP: Final = 1e-4
"""How far the cost may be above the bound, relative, before the search ends."""
DIVES_MAX: Final = 200
WHOLE: Final = 1e-6
"""What is nearer to a whole number than that is one."""
ADVICE: Final = "allow more agents, other shifts or more time, or give shortfall_cost to see where they lack"


class Programme:
    """Rows and columns, all from 0 up: shifts by group and pattern, whole; at work by group and interval; others."""

    def __init__(self, groups: int, patterns: int, intervals: int) -> None:
        self.intervals = intervals
        self.first_duty = groups * patterns
        self.first_missing = self.first_duty + groups * intervals
        self._cost: list[float] = []
        self._upper: list[float] = []
        self._starts: list[int] = [0]
        self._index: list[int] = []
        self._value: list[float] = []
        self._low: list[float] = []
        self._high: list[float] = []

    def duty(self, group: int, interval: int) -> int:
        """Return the column of the agents of a group at work."""
        return self.first_duty + group * self.intervals + interval

    def columns(self, cost: Iterable[float], upper: Iterable[float]) -> None:
        """Add columns."""
        self._cost += cost
        self._upper += upper

    def row(self, columns: Iterable[int], values: Iterable[float], low: float, high: float) -> None:
        """Add a row: the sum of values times columns lies from `low` to `high`."""
        self._index += columns
        self._value += values
        self._starts.append(len(self._index))
        self._low.append(low)
        self._high.append(high)

    def solve(self, time_limit_s: float, rounded: Callable[[Floats], Floats]) -> tuple[Floats, float, bool]:
        """Return (columns, bound of the cost, whether the columns are proven best). Raises Unreachable.

        `rounded` makes all columns of whole shifts from nearly whole ones; the search begins there.
        """
        solver = self._solver(time_limit_s, whole=False)
        solver.run()
        if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            state = solver.modelStatusToString(solver.getModelStatus()).lower()
            raise Unreachable(f"no shifts cover what is required ({state}); {ADVICE}")
        bound = float(solver.getInfo().objective_function_value)
        start = rounded(self._dive(solver))
        cost = np.array(self._cost)
        kept = self._keeps(start)
        if kept and cost @ start <= bound * (1.0 + GAP):
            return start, bound, True
        search = self._solver(time_limit_s, whole=True)
        known = highspy.HighsSolution()
        known.col_value = start.tolist()
        search.setSolution(known)
        search.run()
        info = search.getInfo()
        bound = max(bound, float(info.mip_dual_bound)) if np.isfinite(info.mip_dual_bound) else bound
        proven = search.getModelStatus() == highspy.HighsModelStatus.kOptimal
        if info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible:
            found = np.array(search.getSolution().col_value)
            if not kept or cost @ found <= cost @ start:
                return found, bound, proven
        if not kept:
            raise Unreachable(f"no shifts were found in {time_limit_s:g} s that cover what is required; {ADVICE}")
        return start, bound, False

    def _solver(self, time_limit_s: float, *, whole: bool) -> Any:
        problem, matrix = highspy.HighsLp(), highspy.HighsSparseMatrix()
        problem.num_col_ = matrix.num_col_ = len(self._cost)
        problem.num_row_ = matrix.num_row_ = len(self._low)
        problem.col_cost_, problem.col_upper_ = np.array(self._cost), np.array(self._upper)
        problem.col_lower_ = np.zeros(len(self._cost))
        problem.row_lower_, problem.row_upper_ = np.array(self._low), np.array(self._high)
        if whole:
            rest = len(self._cost) - self.first_duty
            kinds = highspy.HighsVarType
            problem.integrality_ = [kinds.kInteger] * self.first_duty + [kinds.kContinuous] * rest
        matrix.format_ = highspy.MatrixFormat.kRowwise
        matrix.start_, matrix.index_ = np.array(self._starts), np.array(self._index)
        matrix.value_ = np.array(self._value)
        problem.a_matrix_ = matrix
        solver: Any = highspy.Highs()  # type: ignore[no-untyped-call]
        options = {"output_flag": False, "parallel": "off", "random_seed": 0, "mip_rel_gap": GAP}
        for option, value in ({**options, "time_limit": time_limit_s} if whole else options).items():
            solver.setOptionValue(option, value)
        solver.passModel(problem)
        return solver

    def _dive(self, solver: Any) -> Floats:
        """Return nearly whole shifts: the relaxed problem again and again, with ever more of the largest ones fixed."""
        shifts = np.arange(self.first_duty, dtype=np.int32)
        upper, low = np.array(self._upper[: self.first_duty]), np.zeros(self.first_duty)
        found = np.array(solver.getSolution().col_value)[: self.first_duty]
        for _ in range(DIVES_MAX):
            part = found - np.floor(found + WHOLE)
            broken = np.flatnonzero(part > WHOLE)
            if not len(broken):
                break
            raised = broken[np.argsort(-part[broken], kind="stable")[: max(len(broken) // 8, 1)]]
            low = np.maximum(low, np.floor(found + WHOLE))
            low[raised] = np.minimum(np.ceil(found[raised]), upper[raised])
            solver.changeColsBounds(self.first_duty, shifts, low, upper)
            solver.run()
            if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
                break
            found = np.array(solver.getSolution().col_value)[: self.first_duty]
        return found

    def _keeps(self, columns: Floats) -> bool:
        """Tell whether the columns keep every row."""
        rows = np.repeat(np.arange(len(self._low)), np.diff(self._starts))
        terms = np.array(self._value) * columns[np.array(self._index, np.int64)]
        sums = np.bincount(rows, weights=terms, minlength=len(self._low))
        return bool((sums >= np.array(self._low) - WHOLE).all() and (sums <= np.array(self._high) + WHOLE).all())
