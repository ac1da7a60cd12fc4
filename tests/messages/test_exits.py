"""The classes of exits: every exit in exactly one, and the lists that are made from them."""

from engine.messages import exits
from engine.messages.exits import EXIT_CLASSES, EndedBy, exit_marks, exit_names
from engine.messages.kinds import EXIT_NAMES, EXITS


def test_every_exit_is_in_exactly_one_class() -> None:
    assert set(EXIT_CLASSES) == set(EndedBy)
    listed = [way_out for members in EXIT_CLASSES.values() for way_out in members]
    assert sorted(listed) == sorted(EXIT_NAMES) == list(range(EXITS))


def test_the_lists_are_of_whole_classes() -> None:
    assert exit_names(exits.LOST) == (
        *("abandoned", "short_abandoned", "timed_out", "empty"),
        *("refused_full", "refused_empty", "refused_closed", "refused_trunk", "system_error", "unknown"),
    )
    flow_outs = {"timed_out", "empty", "overflowed", "exit_key", "transferred", "callback", "withdrawn"}
    assert set(exit_names(exits.FLOW_OUTS)) == flow_outs
    assert not set(exits.FLOW_OUTS) & {*exits.GAVE_UP, *exits.REFUSED, *exits.FAULTS}
    assert set(exits.SENT_AWAY) == {*exits.DISMISSED, *exits.REFUSED}
    assert exit_marks(exits.LOST).sum() == len(exits.LOST) == exits.IS_LOST.sum()
