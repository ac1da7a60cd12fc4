"""A programme of whole shifts as HiGHS solves it: from starts that the relaxed problem leads to, so many steps far.

Nothing here looks at a clock, so the same programme has the same answer, however busy the machine is.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

import highspy
import numpy as np

from simulations.queueing.arrays import Floats
from simulations.queueing.errors import Unreachable

GAP: Final = 1e-4
"""How far the cost may be above the bound, relative, before the search ends."""
STEPS_MAX: Final = 200
"""Of one dive."""
SHARES: Final = (2, 4, 8, 16, 64)
"""Of the shifts that are not whole yet, one in so many is raised at each step of a dive: there is a dive for each."""
TERMS_MAX: Final = 10_000
"""Of a programme with more terms, smaller programmes inside it are not searched: that takes minutes."""
SEARCHED_MAX: Final = 40_000
"""A programme with more terms is not searched at all where a start will do: its dives end within a hundredth."""
INNER_SEARCHES: Final = ("mip_heuristic_run_rens", "mip_heuristic_run_rins", "mip_heuristic_run_root_reduced_cost")
WHOLE: Final = 1e-6
"""What is nearer to a whole number than that is one."""
ADVICE: Final = "allow more agents or other shifts"


class _Silent(highspy.Highs):
    """A solver that never prints. HiGHS 1.16 tells its version as callbacks are enabled, which is how it is made; it
    writes to the file of standard output itself, into what is piped as JSON or CSV.
    """

    def enableCallbacks(self) -> None:  # noqa: N802 - the name is HiGHS's
        self.setOptionValue("output_flag", False)
        super().enableCallbacks()  # type: ignore[no-untyped-call]


class Programme:
    """Rows and columns, all from 0 up: shifts by group and pattern, whole; at work by group and interval; others."""

    def __init__(self, groups: int, patterns: int, intervals: int, whole_duty: Any) -> None:
        """`whole_duty` of shape (groups * intervals,): whether agents at work are whole where shifts are."""
        self.intervals, self._whole_duty = intervals, whole_duty
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
        self._index.extend(columns)
        self._value.extend(values)
        self._starts.append(len(self._index))
        self._low.append(low)
        self._high.append(high)

    def solve(self, nodes_max: int, rounded: Callable[[Floats], Floats]) -> tuple[Floats, float, bool]:
        """Return (columns, bound of the cost, whether the columns are proven best). Raises Unreachable.

        `rounded` makes all columns of whole shifts from nearly whole ones; the search begins there, and ends after
        `nodes_max` nodes, of a programme with many terms after fewer; with 0, or far too many terms, there is none
        where the starts will do.
        """
        solver = self._solver()
        solver.run()
        if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            state = solver.modelStatusToString(solver.getModelStatus()).lower()
            raise Unreachable(f"no shifts cover what is required ({state}); {ADVICE}")
        bound = float(solver.getInfo().objective_function_value)
        cost = np.array(self._cost)
        starts = [rounded(dived) for dived in self._dives(solver)]
        start = min((one for one in starts if self._keeps(one)), key=lambda one: float(cost @ one), default=None)
        if start is not None and cost @ start <= bound * (1.0 + GAP):
            return start, bound, True
        if start is not None and (nodes_max == 0 or len(self._index) > SEARCHED_MAX):
            return start, bound, False
        search = self._search(nodes_max, start)
        search.run()
        info = search.getInfo()
        bound = max(bound, float(info.mip_dual_bound)) if np.isfinite(info.mip_dual_bound) else bound
        proven = search.getModelStatus() == highspy.HighsModelStatus.kOptimal
        if info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible:
            found = np.array(search.getSolution().col_value)
            if start is None or cost @ found <= cost @ start:
                return found, bound, proven
        if start is None:
            raise Unreachable(f"no shifts that cover what is required were found in {nodes_max} nodes; {ADVICE}")
        return start, bound, False

    def relaxed(self) -> Floats | None:
        """Return the columns that cost least where agents need not be whole; None where no columns keep the rows."""
        solver = self._solver()
        solver.run()
        if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        return np.array(solver.getSolution().col_value)

    def _search(self, nodes_max: int, start: Floats | None) -> Any:
        """Return the solver that looks for whole shifts, from a start if there is one."""
        search = self._solver(whole=True)
        terms = max(len(self._index), 1)
        search.setOptionValue("mip_max_nodes", max(int(nodes_max * min((TERMS_MAX / terms) ** 2, 1.0)), 1))
        if terms > TERMS_MAX:
            for option in INNER_SEARCHES:
                search.setOptionValue(option, False)
        if start is not None:
            known = highspy.HighsSolution()
            known.col_value = start.tolist()
            search.setSolution(known)
        return search

    def _solver(self, *, whole: bool = False) -> Any:
        problem, matrix = highspy.HighsLp(), highspy.HighsSparseMatrix()
        problem.num_col_ = matrix.num_col_ = len(self._cost)
        problem.num_row_ = matrix.num_row_ = len(self._low)
        problem.col_cost_, problem.col_upper_ = np.array(self._cost), np.array(self._upper)
        problem.col_lower_ = np.zeros(len(self._cost))
        problem.row_lower_, problem.row_upper_ = np.array(self._low), np.array(self._high)
        if whole:
            kinds = highspy.HighsVarType
            duty = [kinds.kInteger if one else kinds.kContinuous for one in self._whole_duty]
            rest = [kinds.kContinuous] * (len(self._cost) - self.first_missing)
            problem.integrality_ = [kinds.kInteger] * self.first_duty + duty + rest
        matrix.format_ = highspy.MatrixFormat.kRowwise
        matrix.start_, matrix.index_ = np.array(self._starts), np.array(self._index)
        matrix.value_ = np.array(self._value)
        problem.a_matrix_ = matrix
        solver: Any = _Silent()  # type: ignore[no-untyped-call]
        # With `parallel` off nothing depends on how many threads there are.
        for option, value in {"parallel": "off", "random_seed": 0, "mip_rel_gap": GAP}.items():
            solver.setOptionValue(option, value)
        solver.passModel(problem)
        return solver

    def _dives(self, solver: Any) -> Iterator[Floats]:
        """Yield nearly whole shifts, each the end of a dive from the relaxed problem, which `solver` has solved."""
        shifts = np.arange(self.first_duty, dtype=np.int32)
        relaxed = np.array(solver.getSolution().col_value)[: self.first_duty]
        upper = np.array(self._upper[: self.first_duty])
        for share in SHARES:
            yield self._dive(solver, relaxed, share)
            solver.changeColsBounds(self.first_duty, shifts, np.zeros(self.first_duty), upper)

    def _dive(self, solver: Any, relaxed: Floats, share: int) -> Floats:
        """Return nearly whole shifts: the relaxed problem again and again, with ever more of the largest ones fixed."""
        shifts = np.arange(self.first_duty, dtype=np.int32)
        upper, low = np.array(self._upper[: self.first_duty]), np.zeros(self.first_duty)
        found = relaxed
        for _ in range(STEPS_MAX):
            part = found - np.floor(found + WHOLE)
            broken = np.flatnonzero(part > WHOLE)
            if not len(broken):
                break
            raised = broken[np.argsort(-part[broken], kind="stable")[: max(len(broken) // share, 1)]]
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
