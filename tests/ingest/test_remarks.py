"""Remarks of agents: only codes and fields of the configuration, and only about contacts that came."""

from typing import Any

import pytest

from engine.ingest.answers import BadFact
from engine.ingest.remarks import check_remark
from engine.messages.observed import ContactClassified, NoteWritten
from engine.model.classification import QualityField, WrapUpCode
from engine.model.directory import Directory

DIRECTORY = Directory(
    wrap_up_codes=(WrapUpCode("booked"), WrapUpCode("complaint")),
    quality_fields=(
        QualityField("solved"),
        QualityField("score", kind="score"),
        QualityField("mood", kind="choice", choices=("calm", "upset")),
        QualityField("words", kind="text"),
    ),
)


def classified(**more: Any) -> ContactClassified:
    return ContactClassified(**{"contact": "c", "contact_id": 5, "agent": "an", **more})


@pytest.mark.parametrize(
    "fact",
    [
        classified(),
        classified(code="booked", fields={"solved": "no", "score": "5", "mood": "upset", "words": "anything"}),
        NoteWritten(contact="c", contact_id=5, agent="an", text="call back"),
    ],
)
def test_what_fits_is_taken(fact: ContactClassified | NoteWritten) -> None:
    check_remark(fact, DIRECTORY, 5)


@pytest.mark.parametrize(
    ("fact", "field", "key"),
    [
        (classified(contact_id=6), "contact_id", ""),
        (classified(code="boked"), "code", ""),
        (classified(fields={"solvd": "yes"}), "fields", "solvd"),
        (classified(fields={"solved": "maybe"}), "fields", "solved"),
        (classified(fields={"score": "6"}), "fields", "score"),
        (classified(fields={"mood": "blue"}), "fields", "mood"),
        (NoteWritten(contact="c", contact_id=5, agent="an", text="  "), "text", ""),
    ],
)
def test_what_does_not_fit_is_named(fact: ContactClassified | NoteWritten, field: str, key: str) -> None:
    with pytest.raises(BadFact) as caught:
        check_remark(fact, DIRECTORY, 5)
    assert (caught.value.field, caught.value.key) == (field, key)
