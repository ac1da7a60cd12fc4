"""Which scope lets whom submit which fact, whatever way it comes in.

`ingest` is for those who bring contacts: it lets a source say everything about contacts that it brought itself, about
phones and about its own stream. What touches contacts of others, agents or queues needs the scope by which the same is
done with a command.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Final

from engine.messages import observed
from engine.messages.observed import ContactFact, Fact
from engine.model.scopes import Scope

SCOPE_OF_FACT: Final[Mapping[type[Fact], Scope]] = {
    observed.ContactArrived: Scope.INGEST,
    observed.ContactReleased: Scope.SUPERVISE,
    observed.OfferRang: Scope.AGENT,
    observed.OfferAnswered: Scope.AGENT,
    observed.OfferDeclined: Scope.AGENT,
    observed.ContactHeld: Scope.AGENT,
    observed.ContactResumed: Scope.AGENT,
    observed.TransferRequested: Scope.SUPERVISE,
    observed.RequeueRequested: Scope.SUPERVISE,
    observed.CallbackRequested: Scope.SUPERVISE,
    observed.ExitKeyPressed: Scope.SUPERVISE,
    observed.ContactWithdrawn: Scope.SUPERVISE,
    observed.PriorityChanged: Scope.SUPERVISE,
    observed.MessageSent: Scope.AGENT,
    observed.MessagesRead: Scope.AGENT,
    observed.NoteWritten: Scope.AGENT,
    observed.ContactClassified: Scope.AGENT,
    observed.HoldRequested: Scope.AGENT,
    observed.ResumeRequested: Scope.AGENT,
    observed.SurveyRequested: Scope.INGEST,
    observed.SurveyAnswered: Scope.INGEST,
    observed.QualityEvaluated: Scope.SUPERVISE,
    observed.ScheduleExcepted: Scope.SUPERVISE,
    observed.CaseOpened: Scope.AGENT,
    observed.CaseResolved: Scope.AGENT,
    observed.CaseReopened: Scope.AGENT,
    observed.LegRecorded: Scope.ADMIN,
    observed.TrunkRequested: Scope.ADMIN,
    observed.TrunkReleased: Scope.ADMIN,
    observed.CallerMoved: Scope.ADMIN,
    observed.AgentStatusChanged: Scope.AGENT,
    observed.AgentReachabilityChanged: Scope.INGEST,
    observed.WrapUpFinished: Scope.AGENT,
    observed.QueueOpened: Scope.SUPERVISE,
    observed.QueueClosed: Scope.SUPERVISE,
    observed.AlertAcknowledged: Scope.SUPERVISE,
    observed.StreamGapped: Scope.INGEST,
}
"""The scope for each fact; for one about a contact, the scope where another source brought it."""
OR_SCOPE: Final[Mapping[type[Fact], Scope]] = dict.fromkeys(
    (observed.CaseOpened, observed.CaseResolved, observed.CaseReopened), Scope.SUPERVISE
)
"""Another scope that does as well: supervisors see to cases that agents have settled, or left."""
EVERY_CONTACT: Final[frozenset[type[Fact]]] = frozenset()
"""No fact is taken about the source's own contacts alone."""


def missing_scopes(facts: Iterable[Fact], scopes: Collection[str]) -> dict[type[Fact], Scope]:
    """Return the scope that is needed and not among `scopes`, for each kind of fact where one is missing.

    Facts about contacts pass with `ingest` alone; `own_contacts_only` says about which contacts they are taken then.
    """
    found: dict[type[Fact], Scope] = {}
    if Scope.ADMIN in scopes:
        return found
    for kind in set(map(type, facts)):
        needed = SCOPE_OF_FACT[kind]
        does = needed in scopes or OR_SCOPE.get(kind, needed) in scopes
        if not does and not (issubclass(kind, ContactFact) and Scope.INGEST in scopes):
            found[kind] = Scope.INGEST if needed == Scope.ADMIN else needed
    return found


def own_contacts_only(scopes: Collection[str]) -> frozenset[type[Fact]]:
    """Return the facts that holders of `scopes` may submit only about contacts that their own source brought."""
    if Scope.ADMIN in scopes:
        return EVERY_CONTACT
    return frozenset(
        shape for shape, scope in SCOPE_OF_FACT.items() if issubclass(shape, ContactFact) and scope not in scopes
    )
