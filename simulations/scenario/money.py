"""The sections of money: what things cost and bring, for all alike or by name, and what a structure takes to set up."""

from typing import Annotated, Any, Final

from pydantic import Field, GetCoreSchemaHandler, ValidationInfo
from pydantic_core import CoreSchema, core_schema

from engine.config.agents import Name
from engine.model.fields import Number, Ref, Section, Whole, fault
from simulations.scenario.values import Growth, Share

OTHERS: Final = "others"
MOST: Final = 1e12
MONTHS_MAX: Final = 600


class Amounts(dict[str, float]):
    """An amount for all alike (under OTHERS), and those of what has one of its own, by name."""

    def of(self, name: str) -> float:
        """Return the amount of this one."""
        return self.get(name, self.get(OTHERS, 0.0))


class AmountsOf:
    """A field of Amounts: a number, or a mapping from names of `what` there is, and `others`, to numbers."""

    def __init__(self, what: str, least: float = 0.0, most: float = MOST) -> None:
        self._names, self._number = Ref(what), Number(least, most)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_plain_validator_function(self._check)

    def _check(self, value: Any, info: ValidationInfo) -> Amounts:
        if not isinstance(value, dict):
            return Amounts({OTHERS: self._amount(value)})
        found = Amounts()
        for name, amount in value.items():
            found[name if name == OTHERS else self._names.check(name, info)] = self._amount(amount)
        return found

    def _amount(self, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise fault(f"{value!r} is no amount; write a number, or numbers by name and 'others'")
        return self._number.check(value)


class Prices(Section):
    """Amounts in the currency of the scenario, each a number or numbers by name."""

    agent_hour: Annotated[Amounts, AmountsOf("group")] = Amounts()
    """By group: of everybody on a shift, at work or not."""
    contact: Annotated[Amounts, AmountsOf("queue", -MOST)] = Amounts()
    """By queue: of each contact answered."""
    contact_in_time: Annotated[Amounts, AmountsOf("queue")] = Amounts()
    """By queue: on top, of each answered within the threshold of the service level."""
    talk_minute: Annotated[Amounts, AmountsOf("queue")] = Amounts()
    """By queue: of each minute of talk, as outsourcers ask it and lines of a higher rate bring it."""
    abandonment: Annotated[Amounts, AmountsOf("queue")] = Amounts()
    """By queue: of each contact that was lost while it waited: gave up, hung up on by the queue, or by a fault."""
    blocked: Annotated[Amounts, AmountsOf("queue")] = Amounts()
    """By queue: of each contact that was refused: full, closed, or no trunk."""
    trunk_hour: Annotated[Amounts, AmountsOf("trunk group")] = Amounts()
    """By trunk group: of each channel, used or not."""
    trunk_minute: Annotated[Amounts, AmountsOf("trunk group")] = Amounts()
    """By trunk group: of each minute that a channel is busy."""
    site_hour: Annotated[Amounts, AmountsOf("site")] = Amounts()
    """By site: rent and power, whoever is there."""

    @property
    def are_said(self) -> bool:
        """Whether there are any."""
        return any(getattr(self, name) != Amounts() for name in Prices.model_fields)


class Costs(Prices):
    """What things cost, in one currency."""

    currency: str = "EUR"


class Business(Section):
    """What a structure takes over the months, beside what its simulated days cost and bring."""

    investment: dict[Name, Annotated[float, Number(0, 1e15)]] = Field(default_factory=dict)
    """What is paid at the start, by what it is for."""
    running: dict[Name, Annotated[float, Number(0, 1e15)]] = Field(default_factory=dict)
    """What is paid every month, whatever the volume."""
    days_a_month: Annotated[float, Number(0.1, 31)] = 30.0
    """Days like the simulated one; the horizon is told as that many days as it has."""
    growth: Annotated[float, Growth()] = 0.0
    """Of the volume, from one month to the next; below 0 it shrinks."""
    staff_grows: bool = True
    """Whether groups grow and shrink with the volume, rounded; else they stay as they are."""
    interest: Annotated[float, Share()] = 0.0
    """A year, by which later months count less."""
    months: Annotated[int, Whole(1, MONTHS_MAX)] = 24
