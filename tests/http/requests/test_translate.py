"""What a body is by its Content-Type, and how one that cannot be read is answered."""

import msgspec
import pytest

from adapters.http.problems import Fault, Problem
from adapters.http.requests.translate import media_type, unreadable
from engine.messages.decoding import JSON, MSGPACK, Malformed, TooMany
from engine.messages.decoding import Fault as BodyFault


def test_unknown_media_types_are_named() -> None:
    assert media_type("Application/JSON") == JSON
    assert media_type("application/x-msgpack") == MSGPACK
    with pytest.raises(Problem) as caught:
        media_type("text/plain")
    assert caught.value.kind.status == 415


def test_every_fault_of_a_body_is_told_with_its_place() -> None:
    problem = unreadable(Malformed([BodyFault("Expected `str`", "/1/queue"), BodyFault("Expected `object`", "/2")]))
    assert problem.kind.status == 400
    assert problem.detail == "Expected `str` at /1/queue, and 1 more; nothing was changed"
    assert problem.errors == [
        Fault("Expected `str`", pointer="/1/queue"),
        Fault("Expected `object`", pointer="/2"),
    ]


def test_a_fault_of_the_whole_body_points_at_the_whole() -> None:
    problem = unreadable(Malformed([BodyFault("JSON is malformed")]))
    assert problem.detail == "JSON is malformed; nothing was changed"
    assert msgspec.to_builtins(problem.errors) == [{"detail": "JSON is malformed", "pointer": ""}]


def test_too_many_facts_are_too_large_a_request() -> None:
    assert unreadable(TooMany([BodyFault("the array has 11 facts; at most 10 are possible")])).kind.status == 413
