"""Requirements by number: the same combination, the same number; bounded."""

import msgspec
import pytest

from engine.errors import Overloaded
from engine.messages.rows import pack_requirement
from engine.model.requirements import NOTHING, Requirements


def test_the_same_chain_has_the_same_number_whatever_the_order() -> None:
    requirements = Requirements()
    first = requirements.intern([{1: 3, 2: 4}, {1: 1}])
    assert requirements.intern([{2: 4, 1: 3, 5: 0}, {1: 1}]) == first
    assert requirements.intern([{2: 4, 1: 3}]) != first
    packed, relaxed = requirements.pairs[first]
    assert packed == pack_requirement((1, 3), (2, 4))
    assert requirements.pairs[relaxed] == (pack_requirement((1, 1)), -1)


def test_nothing_required_is_number_0() -> None:
    requirements = Requirements()
    assert requirements.intern([{}]) == requirements.intern([{3: 0}]) == requirements.intern([]) == 0
    assert requirements.pairs == [NOTHING]


def test_recorded_definitions_give_the_same_numbers() -> None:
    written = Requirements()
    number = written.intern([{1: 3}, {1: 1}, {}])
    read = Requirements()
    for at, pair in enumerate(written.pairs):
        read.fold(at, *pair)
    assert read == written == msgspec.msgpack.decode(msgspec.msgpack.encode(written), type=Requirements)
    assert read.intern([{1: 3}, {1: 1}, {}]) == number


def test_there_is_no_room_for_ever() -> None:
    requirements = Requirements(limit=2)
    requirements.intern([{1: 1}])
    with pytest.raises(Overloaded, match=r"raise limits\.requirements"):
        requirements.intern([{1: 2}])
    assert requirements.intern([{1: 1}]) == 1


def test_five_skills_are_too_many() -> None:
    with pytest.raises(ValueError, match="5 skills are required; at most 4 are possible"):
        Requirements().intern([dict.fromkeys(range(5), 1)])
