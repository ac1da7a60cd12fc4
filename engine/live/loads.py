"""What became of the configuration file each time it was read: what is not in force, for as long as it is not."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from engine.ports import ConfigurationStatus

WHOLE: Final = "whole"
IN_PART: Final = "in_part"
REFUSED: Final = "refused"
RESULTS: Final = (WHOLE, IN_PART, REFUSED)


class ConfigurationLoads:
    """Counts how the file was taken, at a start and at each reload, and keeps what the last time left undone."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.not_taken: Sequence[str] = ()
        """What of the file in force is not followed, a sentence each: as routing or an adapter said."""
        self.refused: Sequence[str] = ()
        """Faults for which nothing of the file that was read last is in force; empty: it is."""

    def followed(self, not_taken: Sequence[str]) -> None:
        """A file is in force, but for what was `not_taken`."""
        self.counts[IN_PART if not_taken else WHOLE] += 1
        self.not_taken, self.refused = tuple(not_taken), ()

    def refuse(self, faults: Sequence[str]) -> None:
        """A file was read and changes nothing; what held before holds, and so does what of that is not taken."""
        self.counts[REFUSED] += 1
        self.refused = tuple(faults)

    def status(self) -> ConfigurationStatus:
        """Return what adapters may tell."""
        return ConfigurationStatus(tuple(self.not_taken), len(self.refused))

    def figures(self) -> dict[str, int]:
        """Return how often the file was taken in which way, whether it was the last time, and how much of it not."""
        figures = {f"configuration_loads_{result}": self.counts[result] for result in RESULTS}
        figures["configuration_last_load_successful"] = int(not self.refused)
        figures["configuration_not_taken"] = len(self.not_taken)
        return figures
