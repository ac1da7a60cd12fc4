"""The metrics are those that were agreed on: name by name, type by type and label by label."""

import re
from pathlib import Path
from typing import Final, NamedTuple

import pytest
from aiohttp import ClientSession

from tests.http.support import CONTACTS, get, tell

NOTES: Final = Path(__file__).parents[2] / ".." / "shared" / "notes" / "INTERFACES.md"
NOT_YET: Final = {
    "trunkline_agents_required": "there are no plans yet",
    "trunkline_agents_scheduled": "there are no plans yet",
    "trunkline_continuity_plan_active": "there are no continuity plans yet",
    "trunkline_webhook_deliveries_total": "there are no webhooks",
    "trunkline_webhook_pending": "there are no webhooks",
}
MORE_LABELS: Final = {
    "trunkline_events_rejected_total": {"reason"},
    "trunkline_queue_estimated_wait_seconds": {"percentile"},
    "trunkline_offer_seconds": {"channel"},
    "trunkline_stream_dropped_total": {"what"},
    "trunkline_survey_answers_total": {"score"},
}
"""Labels beyond those of the list."""
SILENT: Final = {"trunkline_snapshot_age_seconds": "there is no snapshot"}
"""What has no sample in this house, and why."""
TYPES: Final = {"info": "gauge"}
"""What the text format calls a type that it does not have."""


class Agreed(NamedTuple):
    """One line of the list."""

    name: str
    kind: str
    labels: frozenset[str]


def _agreed() -> list[Agreed]:
    """Read the table: a cell may hold several names, whose types and labels are parted by slashes."""
    text = NOTES.read_text("utf-8").partition("### 1.3 ")[2].partition("\n### ")[0].replace(r"\|", ";")
    found: list[Agreed] = []
    for names, kinds, labels in re.findall(r"^\| (`[^|]+) \| ([^|]+) \| ([^|]*) \|", text, re.MULTILINE):
        first, *others = re.findall(r"`(\w+)`", names)
        full = [first, *(first.replace("_accepted_total", other) if other[0] == "_" else other for other in others)]
        for place, name in enumerate(full):
            kind, said = (_of(place, cell) for cell in (kinds, labels))
            found.append(Agreed(name, kind, frozenset(re.findall(r"[a-z]\w+", said)) | MORE_LABELS.get(name, set())))
    return found


def _of(place: int, cell: str) -> str:
    """Return the part of a cell that is of the name at `place`, without what stands in brackets."""
    parts = re.sub(r"\([^)]*\)", "", cell).split("/")
    return parts[min(place, len(parts) - 1)].strip(" `")


@pytest.mark.skipif(not NOTES.exists(), reason="the list of metrics is not here")
async def test_every_metric_of_the_list_is_there(client: ClientSession) -> None:
    await tell(client, "/api/v1/agents/alice/status", status="paused", reason="lunch")
    await tell(client, "/api/v1/agents/bob/status", status="available")
    fact = {"type": "contact_arrived", "contact": "c", "queue": "sales", "at_ns": 1}
    await client.post("/api/v1/events", json=[fact])
    await tell(client, CONTACTS, 201, queue="sales", contact="c1")
    arrived = (await get(client, f"{CONTACTS}/c1"))["contact"]["id"]
    about = {"contact": "c1", "contact_id": arrived, "kind": "csat"}
    surveys = [{"type": "survey_requested", **about}, {"type": "survey_answered", **about, "score": 5}]
    await client.post("/api/v1/events", json=surveys)
    async with client.get("/metrics") as answer:
        text = await answer.text()
    kinds = dict(re.findall(r"^# TYPE (\w+) (\w+)", text, re.MULTILINE))
    agreed = _agreed()
    assert len(agreed) == 50
    assert {each.name for each in agreed} >= NOT_YET.keys()
    for each in agreed:
        if each.name in NOT_YET:
            assert each.name not in kinds
            continue
        assert kinds.get(each.name) == TYPES.get(each.kind, each.kind), each
        lines = re.findall(rf"^{each.name}(?:_bucket|_sum|_count)?(?:\{{(.*)\}})? ", text, re.MULTILINE)
        told = {label for line in lines for label in re.findall(r'(\w+)="', line)} - {"le"}
        assert told == each.labels or (not lines and each.name in SILENT), each
