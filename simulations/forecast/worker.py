"""The process that plays: a pickled question on stdin, the forecast or what is wrong on stdout, as JSON."""

import os
import pickle
import sys
from typing import Final

import msgspec

from engine.errors import ForecastFailed
from engine.model.forecast import Forecast, ForecastQuestion

POLITE: Final = 10
"""How much others come first for the processor: the engine that asks, before all."""


class Reply(msgspec.Struct, frozen=True):
    """What comes back."""

    forecast: Forecast | None = None
    code: str = ""
    failed: str = ""


def main() -> None:
    """Answer one question, which the engine that started this process asks."""
    os.nice(POLITE)
    question = pickle.load(sys.stdin.buffer)
    assert isinstance(question, ForecastQuestion)
    from simulations.forecast.play import play

    try:
        reply = Reply(play(question))
    except ForecastFailed as error:
        reply = Reply(code=error.code, failed=str(error))
    sys.stdout.buffer.write(msgspec.json.encode(reply))


if __name__ == "__main__":
    main()
