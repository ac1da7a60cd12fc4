"""How long things take: distributions as planners write them, `lognormal(mean=180s, cv=0.9)`, and as they are drawn."""

import math
import re
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
from pydantic import GetCoreSchemaHandler, ValidationInfo
from pydantic_core import CoreSchema, core_schema

from engine.model.durations import format_duration, parse_duration
from engine.model.fields import fault, nearest
from simulations.scenario.csv_files import first_column, why_unread
from simulations.world import chance

_CALL: Final = re.compile(r"([a-z_]+)\s*\((.*)\)", re.DOTALL)
FORMS: Final = {
    "exponential": ("mean",),
    "lognormal": ("mean", "cv"),
    "erlang": ("mean", "k"),
    "hyperexponential": ("mean", "cv"),
    "deterministic": ("value",),
    "empirical": ("file",),
}
"""What stands in the brackets of each, in order; the words may be left out."""
SAMPLES_MAX: Final = 1_000_000


class Distribution(msgspec.Struct, frozen=True):
    """A distribution of durations. `a`, `b`, `c` are as in `world.chance`, ns; `mean_ns` and `cv` describe it."""

    kind: int
    a: float = 0.0
    b: float = 0.0
    c: float = 0.0
    samples: tuple[float, ...] = ()
    """Of an empirical one: ns, sorted."""
    text: str = ""
    """As it was written."""

    @property
    def mean_ns(self) -> float:
        """The mean; infinite for `never`."""
        if self.kind == chance.NEVER:
            return math.inf
        if self.kind == chance.LOGNORMAL:
            return math.exp(self.a + self.b * self.b / 2)
        if self.kind == chance.ERLANG:
            return self.a * self.b
        if self.kind == chance.HYPEREXPONENTIAL:
            return self.a * self.b + (1 - self.a) * self.c
        if self.kind == chance.EMPIRICAL:
            # Between neighbouring samples quantiles lie on a line, so the mean is by trapezes.
            inner = sum(self.samples) - (self.samples[0] + self.samples[-1]) / 2
            return inner / (len(self.samples) - 1) if len(self.samples) > 1 else self.samples[0]
        return self.a

    def scaled(self, factor: float) -> "Distribution":
        """Return the same shape, so many times as long."""
        if self.kind == chance.LOGNORMAL:
            return msgspec.structs.replace(self, a=self.a + math.log(factor), text="")
        if self.kind == chance.HYPEREXPONENTIAL:
            return msgspec.structs.replace(self, b=self.b * factor, c=self.c * factor, text="")
        samples = tuple(sample * factor for sample in self.samples)
        return msgspec.structs.replace(self, a=self.a * factor, samples=samples, text="")


def exponential(mean_ns: float) -> Distribution:
    """Return the exponential distribution of this mean."""
    return Distribution(chance.EXPONENTIAL, mean_ns)


def deterministic(value_ns: float) -> Distribution:
    """Return the distribution of what always lasts as long."""
    return Distribution(chance.DETERMINISTIC, value_ns)


def lognormal(mean_ns: float, cv: float) -> Distribution:
    """Return the lognormal distribution of this mean and coefficient of variation."""
    variance = math.log1p(cv * cv)
    return Distribution(chance.LOGNORMAL, math.log(mean_ns) - variance / 2, math.sqrt(variance))


def erlang(mean_ns: float, k: int) -> Distribution:
    """Return the Erlang distribution of `k` stages."""
    return Distribution(chance.ERLANG, mean_ns / k, float(k))


def hyperexponential(mean_ns: float, cv: float) -> Distribution:
    """Return the hyperexponential distribution of two phases with balanced means; `cv` is at least 1."""
    share = (1 + math.sqrt((cv * cv - 1) / (cv * cv + 1))) / 2
    return Distribution(chance.HYPEREXPONENTIAL, share, mean_ns / (2 * share), mean_ns / (2 * (1 - share)))


def empirical(samples_ns: list[float]) -> Distribution:
    """Return the distribution of these samples; between them, quantiles are interpolated."""
    return Distribution(chance.EMPIRICAL, samples=tuple(sorted(samples_ns)))


NEVER: Final = Distribution(chance.NEVER, text="never")


def read_distribution(value: Any, folder: Path) -> Distribution:
    """Return what `value` says: a duration, `never`, or a form of FORMS. Raises the fault of a field."""
    if not isinstance(value, str):
        raise fault(f"{value!r} is not a distribution; write 30s, exponential(3m) or lognormal(mean=180s, cv=0.9)")
    text = value.strip()
    if text == "never":
        return NEVER
    match = _CALL.fullmatch(text)
    if match is None and "(" in text:
        raise fault(f"{text!r} ends before its bracket; inside {{...}} write it in quotes, as a comma ends it there")
    if match is None:
        return msgspec.structs.replace(deterministic(_duration(text)), text=text)
    name, inside = match.groups()
    if name not in FORMS:
        raise fault(f"{name!r} is not a distribution{nearest(name, FORMS)}")
    return msgspec.structs.replace(_made(name, _arguments(name, inside), folder), text=text)


def _arguments(name: str, inside: str) -> dict[str, str]:
    words, found = FORMS[name], dict[str, str]()
    for place, part in enumerate(part.strip() for part in inside.split(",")):
        key, equals, rest = part.partition("=")
        key, text = (key.strip(), rest.strip()) if equals else (words[min(place, len(words) - 1)], part)
        if key not in words or key in found:
            raise fault(f"{name}(...) takes {', '.join(words)}; there is no place for {part!r}")
        found[key] = text
    missing = [word for word in words if not found.get(word)]
    if missing:
        raise fault(f"{name}(...) needs {', '.join(words)}; {missing[0]!r} is missing")
    return found


def _made(name: str, said: dict[str, str], folder: Path) -> Distribution:
    if name == "empirical":
        return empirical(_samples(folder / said["file"]))
    mean_ns = _duration(said["mean"] if "mean" in said else said["value"])
    if name == "deterministic":
        return deterministic(mean_ns)
    if mean_ns == 0:
        raise fault(f"the mean of {name}(...) must be more than 0s")
    if name == "exponential":
        return exponential(mean_ns)
    if name == "erlang":
        return erlang(mean_ns, int(_number("k", said["k"], 1, 100, whole=True)))
    cv = _number("cv", said["cv"], 1 if name == "hyperexponential" else 0.01, 20)
    return lognormal(mean_ns, cv) if name == "lognormal" else hyperexponential(mean_ns, cv)


def _duration(text: str) -> float:
    try:
        return float(parse_duration(text))
    except ValueError as error:
        raise fault(str(error)) from None


def _number(what: str, text: str, low: float, high: float, whole: bool = False) -> float:
    try:
        found = float(int(text)) if whole else float(text)
    except ValueError:
        found = math.nan
    if not low <= found <= high:
        raise fault(f"{what}={text} is not {'a whole number' if whole else 'a number'} from {low:g} to {high:g}")
    return found


def _samples(path: Path) -> list[float]:
    """Read durations in seconds, the first column of a CSV file; a heading is passed over."""
    try:
        cells = first_column(path)
    except (OSError, ValueError) as error:
        raise fault(f"{path.name} cannot be read: {why_unread(error)}") from None
    try:
        found = [float(cell) * 1e9 for cell in cells]
    except ValueError as error:
        raise fault(f"{path.name} holds something that is no number of seconds: {error}") from None
    if not 0 < len(found) <= SAMPLES_MAX or min(found) < 0 or not all(map(math.isfinite, found)):
        raise fault(f"{path.name} must hold 1 to {SAMPLES_MAX} durations in seconds, none below 0")
    return found


class _Field:
    @staticmethod
    def __get_pydantic_core_schema__(source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        def check(value: Any, info: ValidationInfo) -> Distribution:
            if isinstance(value, Distribution):
                return value
            return read_distribution(value, (info.context or {}).get("folder", Path()))

        return core_schema.with_info_plain_validator_function(check)


DistributionField = Annotated[Distribution, _Field]
"""A field that holds a distribution."""


def described(one: Distribution) -> str:
    """Return it as it was written, or by its mean."""
    return one.text or f"mean {format_duration(int(one.mean_ns))}"
