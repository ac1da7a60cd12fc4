"""Lines that a reader cannot use: each said with file, line and what to do; counted, and only so many borne."""

from typing import Final

from engine.errors import ConfigError

SHOWN: Final = 20


class BadLines:
    """What is wrong with a file; `note` per line, `settle` at the end."""

    def __init__(self, name: str, borne: int = 0) -> None:
        self.count = 0
        self._name, self._borne = name, borne
        self._told: list[str] = []

    def note(self, line: int, what: str) -> None:
        """Note a line, counted from 1, with what is wrong and what to do."""
        self.count += 1
        if len(self._told) < SHOWN:
            self._told.append(f"{self._name}:{line}: {what}")

    def settle(self, good: int) -> None:
        """Raise ConfigError if there are more than are borne, or nothing else."""
        if self.count > self._borne:
            raise ConfigError([*self._told, self._rest()])
        if not good:
            raise ConfigError([*self._told, f"{self._name}: there is no call in it that could be used"])

    def _rest(self) -> str:
        more = f"{self.count - len(self._told)} more lines; " if self.count > len(self._told) else ""
        return (
            f"{self._name}: {more}{self.count} bad lines, {self._borne} allowed: mend them, or pass over so many "
            f"with --bad-lines {self.count}"
        )
