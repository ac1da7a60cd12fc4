"""A gap in a source's stream: the intervals it touches are marked, and stay so until their row is used again."""

import numpy as np

from engine.kernel.audit import audit
from engine.kernel.resize import resize
from engine.kernel.tables import Capacity, capacity_of
from engine.messages import kinds as k
from engine.model.settings import SECOND_NS, EngineSetting
from tests.kernel.scene import BEGIN_NS, Scene

MINUTE_NS = 60 * SECOND_NS


def day() -> Scene:
    """Ten minutes, one interval each; the table holds eight."""
    scene = Scene()
    scene.setting(k.TABLE_ENGINE, 0, EngineSetting.INTERVAL_NS, MINUTE_NS)
    for _ in range(10):
        scene.wait(60)
        contact, _ = scene.talk()
        scene.release(contact)
    return scene


def gapped(scene: Scene) -> list[int]:
    """Minutes since the beginning that are marked."""
    starts = scene.tables.interval_starts[scene.tables.interval_gaps > 0]
    return sorted(((starts - BEGIN_NS // MINUTE_NS * MINUTE_NS) // MINUTE_NS).tolist())


def test_every_interval_that_the_gap_touches_is_marked() -> None:
    scene = day()
    first = BEGIN_NS // MINUTE_NS * MINUTE_NS
    scene.fact(k.STREAM_GAPPED, a=first + 8 * MINUTE_NS + 1)
    assert gapped(scene) == [8, 9, 10]
    scene.fact(k.STREAM_GAPPED, a=first + 8 * MINUTE_NS - 1)
    assert gapped(scene) == [7, 8, 9, 10]
    assert scene.tables.interval_gaps.max() == 2


def test_intervals_in_which_nothing_else_happened_are_marked() -> None:
    scene = day()
    scene.wait(5 * 60)
    contact, _ = scene.talk()
    scene.release(contact)
    assert gapped(scene) == []
    scene.fact(k.STREAM_GAPPED, a=scene.now_ns - 4 * MINUTE_NS)
    assert gapped(scene) == [11, 12, 13, 14, 15]
    idle = scene.tables.interval_starts % (8 * MINUTE_NS) // MINUTE_NS == np.arange(8)
    assert idle.all()
    assert audit(scene.tables) == []


def test_a_gap_over_a_long_silence_marks_the_whole_table_and_nothing_else() -> None:
    scene = day()
    scene.wait(100 * 60)
    scene.fact(k.STREAM_GAPPED, a=BEGIN_NS)
    assert gapped(scene) == list(range(103, 111))
    assert not scene.tables.intervals.any()


def test_a_gap_longer_than_the_table_marks_all_of_it() -> None:
    scene = day()
    scene.fact(k.STREAM_GAPPED, a=0)
    assert gapped(scene) == list(range(3, 11))


def test_a_row_that_is_used_again_is_whole() -> None:
    scene = day()
    scene.fact(k.STREAM_GAPPED, a=scene.now_ns)
    assert gapped(scene) == [10]
    for _ in range(8):
        scene.wait(60)
        scene.arrive()
    assert gapped(scene) == []


def test_marks_move_with_their_intervals() -> None:
    scene = day()
    scene.fact(k.STREAM_GAPPED, a=scene.now_ns - 2 * MINUTE_NS)
    sizes = capacity_of(scene.tables)
    larger = {name: getattr(sizes, name) for name in Capacity.__struct_fields__} | {"intervals": 11}
    grown = resize(scene.tables, Capacity(**larger))
    marked = [np.sort(t.interval_starts[t.interval_gaps > 0]).tolist() for t in (scene.tables, grown)]
    assert marked[0] == marked[1]
    assert len(marked[0]) == 3
