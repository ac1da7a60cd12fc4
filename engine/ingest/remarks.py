"""What an agent's remarks about a contact must say beyond their shape: codes and fields are the configuration's."""

from engine.ingest.answers import BadFact, excerpt, unknown
from engine.messages.observed import ContactClassified, NoteWritten
from engine.model.classification import CHOICE, SCORE, YES_NO, QualityField
from engine.model.directory import Directory


def check_remark(fact: NoteWritten | ContactClassified, directory: Directory, last_seq: int) -> None:
    """Raise BadFact for a contact of the future, and for a code or a field that is not configured."""
    if not 0 < fact.contact_id <= last_seq:
        raise BadFact("contact_id", f"no contact {excerpt(fact.contact)} has arrived at sequence {fact.contact_id}")
    if isinstance(fact, NoteWritten):
        if not fact.text.strip():
            raise BadFact("text", "there is nothing in the note")
        return
    codes = [one.code for one in directory.wrap_up_codes]
    if fact.code and fact.code not in codes:
        raise BadFact("code", unknown("wrap-up code", fact.code, codes))
    fields = {one.field: one for one in directory.quality_fields}
    for name, said in fact.fields.items():
        if name not in fields:
            raise BadFact("fields", unknown("quality field", name, list(fields)), key=name)
        if not _is_answer(fields[name], said):
            raise BadFact("fields", f"{excerpt(said)} is no answer to {name!r}", key=name)


def _is_answer(field: QualityField, said: str) -> bool:
    if field.kind == YES_NO:
        return said in ("yes", "no")
    if field.kind == SCORE:
        return said in ("1", "2", "3", "4", "5")
    return field.kind != CHOICE or said in field.choices
