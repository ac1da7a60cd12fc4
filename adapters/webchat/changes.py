"""What a visitor's page has to hear between two states of its contact."""

from adapters.webchat.frames import (
    AgentRead,
    AgentTyping,
    AnyServerFrame,
    Assigned,
    Ended,
    Notices,
    Open,
    Queue,
    Silence,
)
from adapters.webchat.told import State


def frames_between(seq: int, before: State | None, now: State, now_ms: int) -> list[AnyServerFrame]:
    """What a client has to hear who saw the state `before`; None: all of it. Said twice, it does no harm.

    `now_ms` is the service's clock, ms since 1970, beside which instants are told.
    """
    news: list[AnyServerFrame] = []
    if before is None or before.open != now.open:
        news.append(Open(seq=seq, open=now.open))
    if before is None or before.notices != now.notices:
        news.append(Notices(seq=seq, notices=now.notices))
    return news + _of_chat(seq, before, now, now_ms)


def _of_chat(seq: int, before: State | None, now: State, now_ms: int) -> list[AnyServerFrame]:
    if now.phase == "ended":
        seen = before is not None and (before.phase, before.contact_id, before.survey) == (
            "ended",
            now.contact_id,
            now.survey,
        )
        return [] if seen else [Ended(seq=seq, reason=now.reason, survey=now.survey, contact_id=now.contact_id)]
    if now.phase == "none":
        return []
    found: list[AnyServerFrame] = []
    if now.phase == "queued":
        if now.handed_on and not (before is not None and before.handed_on and before.contact_id == now.contact_id):
            found.append(Assigned(seq=seq, agent="", contact_id=now.contact_id))
        if before is None or before.phase != "queued" or _told(before) != _told(now):
            place = Queue(
                seq=seq,
                position=now.position,
                wait_low_min=now.wait_low_min,
                wait_high_min=now.wait_high_min,
                longer=now.longer,
                can_leave_number=now.can_leave_number,
                contact_id=now.contact_id,
            )
            found.append(place)
    elif before is None or _served(before) != _served(now):
        there = Assigned(
            seq=seq,
            agent=now.agent,
            contact_id=now.contact_id,
            idle_limit_s=now.idle_limit_s,
            idle_ends_ms=now.idle_ends_ms,
            now_ms=now_ms,
        )
        found.append(there)
    elif before.idle_ends_ms != now.idle_ends_ms:
        found.append(Silence(seq=seq, idle_ends_ms=now.idle_ends_ms, now_ms=now_ms))
    if before is None or before.agent_typing != now.agent_typing:
        found.append(AgentTyping(seq=seq, on=now.agent_typing))
    if now.agent_read_seq > (
        before.agent_read_seq if before is not None and now.contact_id == before.contact_id else 0
    ):
        found.append(AgentRead(seq=seq, read_seq=now.agent_read_seq))
    return found


def _served(state: State) -> tuple[str, str, int, int]:
    return state.phase, state.agent, state.contact_id, state.idle_limit_s


def _told(state: State) -> tuple[int, int | None, int | None, bool, int]:
    return state.position, state.wait_low_min, state.wait_high_min, state.can_leave_number, state.contact_id
