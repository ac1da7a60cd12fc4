"""All state of quality, and how it is written down: a snapshot's part, of use to the version that wrote it alone.

In the state at which a log begins whose older segments were deleted it is no cache: steps lead there from one version
to the next.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec
import numpy as np

from engine.errors import LogError
from engine.model.quality import QualityPlan
from engine.model.settings import SECOND_NS
from engine.projections.quality.columns.cells import Cells, SavedCells
from engine.projections.quality.columns.people import People, SavedPeople
from engine.projections.quality.subjects import resolution
from engine.projections.quality.subjects.cases import Cases
from engine.projections.quality.subjects.evaluations import Evaluations
from engine.projections.quality.subjects.presence import Presence
from engine.projections.quality.subjects.surveys import Surveys
from engine.upgrade import upgraded

VERSION: Final = 8
"""Of what `Folded` means; what another version wrote is folded anew. Whoever raises it adds a step to `UPGRADES`: where
the log has not all of it any more, the state before is all that there is.
"""
OLDEST: Final = 7
"""The first that stands in states at which logs begin."""
Plain = dict[str, Any]


def _with_put_back(kept: Plain) -> Plain:
    """Of 7, whose talks had no column for contacts that were put back: those of before stay among the transfers."""
    flow = kept["flow"]
    width = int(flow["width"])
    blocks = []
    for start_ns, where, counts in flow["blocks"]:
        columns = np.frombuffer(counts, np.int64).reshape(-1, width)
        blocks.append((start_ns, where, np.pad(columns, ((0, 0), (0, 1))).tobytes()))
    return {**kept, "flow": {**flow, "width": width + 1, "blocks": blocks}}


UPGRADES: Final[Mapping[int, Callable[[Plain], Plain]]] = {7: _with_put_back}
"""By version: what makes of its `Folded`, as plain MessagePack has it, that of the next. For each there is a state in
`tests/replay/kept_states`, which tests read: a step that is in here stays for good."""


class Folded(msgspec.Struct):
    """The state: what stands in a snapshot."""

    version: int = VERSION
    as_of: int = 0
    interval_ns: int = 900 * SECOND_NS
    plan: QualityPlan = QualityPlan()
    people: People = msgspec.field(default_factory=People)
    flow: Cells = msgspec.field(default_factory=lambda: Cells(resolution.WIDTH))
    surveys: Surveys = msgspec.field(default_factory=Surveys)
    evaluations: Evaluations = msgspec.field(default_factory=Evaluations)
    presence: Presence = msgspec.field(default_factory=Presence)
    cases: Cases = msgspec.field(default_factory=Cases)


class _Written(msgspec.Struct):
    """What every version says of itself."""

    version: int


def _made(kind: type, part: Any) -> Any:
    """Return what `_plain` was given."""
    if kind is Cells:
        return Cells.load(msgspec.convert(part, SavedCells))
    return People.load(msgspec.convert(part, SavedPeople, str_keys=True))


_ENCODER: Final = msgspec.msgpack.Encoder(enc_hook=lambda cells: cells.save())
_DECODER: Final = msgspec.msgpack.Decoder(Folded, dec_hook=_made)


def copied(state: Folded) -> dict[str, Any]:
    """Return everything as it is now: columns as copies, what consists of objects as it is written down."""
    columns = {"people": state.people.save(), "flow": state.flow.save()}
    return columns | {
        name: msgspec.Raw(_ENCODER.encode(getattr(state, name)))
        for name in Folded.__struct_fields__
        if name not in columns
    }


def saved(found: dict[str, Any]) -> bytes:
    """Write down what `copied` returned, for a snapshot."""
    return _ENCODER.encode(found)


def loaded(snapshot: bytes, durable_seq: int) -> Folded:
    """Return what was saved; a new state where that is of no use: it is then folded from the log's first row."""
    return _of_use(snapshot, durable_seq) or Folded()


def is_of_use(snapshot: bytes, durable_seq: int) -> bool:
    """Whether `loaded` takes it over. To be asked where the log's first part is gone: nothing is folded anew there."""
    return _of_use(snapshot, durable_seq) is not None


def of_today(kept: bytes) -> bytes | None:
    """Return what this version or one before saved as this one would have; None where no steps lead there.

    What a step raises is raised.
    """
    try:
        written = msgspec.msgpack.decode(kept, type=_Written).version
    except msgspec.MsgspecError:
        return None
    if written == VERSION:
        return kept
    found: Plain | None = upgraded(msgspec.msgpack.decode(kept), written, VERSION, UPGRADES)
    return None if found is None else msgspec.msgpack.encode({**found, "version": VERSION})


def require_next(as_of: int, first_seq: int) -> None:
    """Raise LogError where a turn that begins at `first_seq` leaves a gap behind what was folded."""
    if first_seq > as_of + 1:
        raise LogError(
            f"quality (cases, surveys, evaluations) is known up to sequence {as_of}, and the log begins at "
            f"{first_seq}: start the version that wrote this folder, or restore a backup of the whole log"
        )


def _of_use(snapshot: bytes, durable_seq: int) -> Folded | None:
    try:
        found: Folded | None = _DECODER.decode(snapshot) if snapshot else None
    except (msgspec.MsgspecError, ValueError):
        return None
    return found if found is not None and found.version == VERSION and found.as_of <= durable_seq else None
