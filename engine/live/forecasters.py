"""Whoever of this installation tells how the next hour would go, found as adapters are."""

import logging
from importlib.metadata import entry_points
from typing import Final

from engine.ports import Forecaster

FORECASTERS: Final = "trunkline.forecast"
"""Entry point group: functions or classes without arguments that make a `ports.Forecaster`."""

logger = logging.getLogger(__name__)


def installed_forecaster() -> Forecaster | None:
    """Return the first there is; None where there is none, or it cannot be loaded."""
    for point in entry_points(group=FORECASTERS):
        try:
            made: Forecaster = point.load()()
        except Exception:
            logger.exception("the forecaster '%s' cannot be loaded", point.name)
        else:
            return made
    return None
