"""Effects wait for the disk, keep their order, and one bad adapter hurts no other."""

import logging

import pytest

from engine.effects.outbox import Outbox
from engine.messages.effects import AnyEffect, CallBack


def effect(seq: int) -> CallBack:
    return CallBack(seq=seq, contact=f"c{seq}", queue="q")


def test_nothing_leaves_before_its_turn_is_durable() -> None:
    outbox, acted = Outbox(), list[AnyEffect]()
    outbox.routes["desk"] = acted.append
    outbox.is_open = True
    outbox.hold(2, [("desk", effect(1)), ("desk", effect(2))])
    outbox.hold(5, [("desk", effect(4))])
    outbox.release(1)
    assert acted == []
    outbox.release(4)
    assert acted == [effect(1), effect(2)]
    outbox.release(5)
    assert acted == [effect(1), effect(2), effect(4)]
    assert (outbox.acted, len(outbox)) == (3, 0)


def test_nothing_leaves_while_adapters_start() -> None:
    outbox, acted = Outbox(), list[AnyEffect]()
    outbox.routes["desk"] = acted.append
    outbox.hold(1, [("desk", effect(1))])
    outbox.release(9)
    assert acted == [], "closed from the first"
    outbox.hold_first([("desk", effect(-2)), ("desk", effect(-1))])
    outbox.is_open = True
    outbox.release(0)
    assert acted == [effect(-2), effect(-1)]
    outbox.release(9)
    assert acted[2:] == [effect(1)]


def test_an_adapter_that_stops_is_told_no_more_and_its_ends_are_owed() -> None:
    outbox, acted = Outbox(), list[tuple[str, AnyEffect]]()
    for name in ("gone", "there"):
        outbox.routes[name] = lambda effect, name=name: acted.append((name, effect))  # type: ignore[misc]
    outbox.is_open = True
    outbox.stop("gone")
    outbox.hold(3, [("gone", effect(3)), ("there", effect(3))])
    outbox.release(3)
    assert acted == [("there", effect(3))]
    assert (outbox.owes_an_end(2), outbox.owes_an_end(3), len(outbox)) == (False, True, 1)


def test_an_adapter_that_raises_keeps_nobody_from_acting(caplog: pytest.LogCaptureFixture) -> None:
    def fail(_effect: AnyEffect) -> None:
        raise ValueError("broken adapter")

    outbox, acted = Outbox(), list[AnyEffect]()
    outbox.is_open = True
    outbox.routes |= {"bad": fail, "good": acted.append}
    outbox.hold(1, [("bad", effect(1)), ("nobody", effect(1)), ("good", effect(1))])
    with caplog.at_level(logging.ERROR):
        outbox.release(1)
    assert acted == [effect(1)]
    assert (outbox.failed, outbox.acted, dict(outbox.unaddressed)) == (1, 1, {"nobody": 1})
    assert "adapter bad failed" in caplog.text
