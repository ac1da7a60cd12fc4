"""Who opened the cases whose reports an agent has in hand: those that they opened themselves are told as theirs."""

import asyncio
from collections.abc import Mapping, Sequence

from engine.model.quality import CASE_REPORTS
from engine.projections.contacts.engagements import Engagement
from engine.projections.views import Views


class Openers:
    """Names by report, of one desk. Who opened a case never changes, so each is looked up once."""

    def __init__(self) -> None:
        self._names: dict[int, str] = {}

    def of(self, contact_id: int) -> str:
        """Return who opened the case that a contact reports; empty where that is not known, or it reports none."""
        return self._names.get(contact_id, "")

    async def learn(self, held: Sequence[Engagement], views: Views) -> bool:
        """Look up whose cases the reports in hand are; returns whether that took time: others may have come."""
        reports = [one.contact_id for one in held if one.queue == CASE_REPORTS]
        cases = {report: _case_of(report, views) for report in reports if report not in self._names}
        found = await asyncio.to_thread(_openers, cases, views) if cases else {}
        self._names = {report: found.get(report, self.of(report)) for report in reports}
        return bool(cases)


def _case_of(report: int, views: Views) -> int:
    """Return the number of the case; 0: it is not known."""
    try:
        said = views.contacts.find(report).contact.attributes.get("case_id", "")
    except KeyError:
        return 0  # forgotten: so many have come since
    return int(said) if said.isascii() and said.isdigit() else 0


def _openers(cases: Mapping[int, int], views: Views) -> dict[int, str]:
    """Return who opened each of the cases, by its report. For a thread."""
    return {report: _opener(case, views) for report, case in cases.items()}


def _opener(case: int, views: Views) -> str:
    try:
        return views.quality.case(case, 0).case.opened_by
    except KeyError:
        return ""  # resolved, and so many others since
