"""How long something takes, counted in bins: cheap enough for every turn."""

from bisect import bisect_left

from engine.ports import Timing


class Stopwatch:
    """Durations of one kind; `edges_s` ascend, and the last bin has no upper edge."""

    def __init__(self, edges_s: tuple[float, ...]) -> None:
        self._edges_s = edges_s
        self._edges_ns = [edge_s * 1e9 for edge_s in edges_s]
        self._counts = [0] * (len(edges_s) + 1)
        self._total_ns = 0

    def add(self, lasted_ns: int, times: int = 1) -> None:
        """Count something that was done `times` times within `lasted_ns`: each takes its share."""
        if times > 0:
            self._counts[bisect_left(self._edges_ns, lasted_ns / times)] += times
            self._total_ns += lasted_ns

    def timing(self) -> Timing:
        """Return what was counted until now."""
        return Timing(self._edges_s, tuple(self._counts), self._total_ns / 1e9)
