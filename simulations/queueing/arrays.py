"""Between callers and compiled loops: numbers and arrays of any shapes that broadcast, checked, as flat columns."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from simulations.queueing.errors import UnfitInput

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Truths = npt.NDArray[np.bool_]
Numbers = npt.ArrayLike
"""A number, or an array of numbers."""
SERVERS_MAX: Final = 10_000_000


class Columns:
    """Inputs broadcast against each other, flat; `shaped` brings results back into their shape."""

    def __init__(self, **inputs: Numbers) -> None:
        try:
            arrays = np.broadcast_arrays(*(np.asarray(given, np.float64) for given in inputs.values()))
        except ValueError as error:
            shapes = ", ".join(f"{name} {np.shape(given)}" for name, given in inputs.items())
            raise UnfitInput(f"{error}; the shapes are {shapes}: give numbers, or arrays that broadcast") from None
        self.shape = arrays[0].shape
        # Copies: what broadcasts to its own shape would stay an array of which numpy warns compiled code.
        self._flat = {name: np.array(array, order="C").ravel() for name, array in zip(inputs, arrays, strict=True)}

    @property
    def size(self) -> int:
        """How many points there are."""
        return next(iter(self._flat.values())).size

    def numbers(self, name: str, low: float, high: float = np.inf, *, above: bool = False) -> Floats:
        """Return an input of shape (size,). Raises UnfitInput below `low` (`above`: at it, too) and for nan."""
        found = self._flat[name]
        bad = ~((found > low) if above else (found >= low)) | (found > high)
        if bad.any():
            place = int(np.flatnonzero(bad)[0])
            at = f" at place {place}" if found.size > 1 else ""
            top = "" if np.isinf(high) else f" and at most {high:g}"
            raise UnfitInput(
                f"{name}{at} is {found[place]:g}; give {'more than' if above else 'at least'} {low:g}{top}"
            )
        return found

    def counts(self, name: str, low: int) -> Integers:
        """Return an input of whole numbers. Raises UnfitInput."""
        found = self.numbers(name, low, SERVERS_MAX)
        if (found != np.floor(found)).any():
            raise UnfitInput(f"{name} is {found[found != np.floor(found)][0]:g}; give a whole number")
        return found.astype(np.int64)

    def shaped(self, found: npt.NDArray[Any]) -> Any:
        """Return results of shape (size,) in the shape of the inputs: a plain number where these were numbers."""
        return found.reshape(self.shape) if self.shape else found[0].item()
