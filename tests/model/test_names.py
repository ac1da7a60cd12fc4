"""Names keep their numbers through every change of the configuration."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from engine.model.names import UNKNOWN, Names

words = st.lists(st.sampled_from("abcdefgh"), unique=True)


@given(st.lists(words, min_size=1))
def test_a_number_once_given_is_never_given_to_another(changes: list[list[str]]) -> None:
    names, given_out = Names(), dict[str, int]()
    for wanted in changes:
        names = msgspec.msgpack.decode(msgspec.msgpack.encode(names.succeeded_by(wanted)), type=Names)
        assert set(names.configured()) == set(wanted)
        for word in "abcdefgh":
            number = names.number(word)
            assert (number != UNKNOWN) == (word in wanted)
            assert names.exists(number) == (word in wanted)
            if number != UNKNOWN:
                assert given_out.setdefault(word, number) == number
                assert names.name(number) == word
    assert len(names) == len(given_out)
    assert len(set(given_out.values())) == len(given_out)


def test_numbers_that_nobody_has_are_no_names() -> None:
    names = Names().succeeded_by(["a"])
    assert (names.name(-1), names.name(1), names.number("b")) == ("", "", UNKNOWN)
