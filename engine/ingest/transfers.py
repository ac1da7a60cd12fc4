"""What a transfer may name: a queue or an agent, and no queue where nobody but a colleague is waited for."""

from engine.ingest.answers import BadFact, excerpt
from engine.messages.observed import TransferRequested
from engine.model.directory import Directory


def check_target(fact: TransferRequested, directory: Directory) -> None:
    """Raise BadFact for a transfer to nobody, to two at once, or to a queue of calls among colleagues."""
    if bool(fact.queue) == bool(fact.agent):
        given = "both are" if fact.queue else "neither is"
        raise BadFact("queue", f"a transfer goes to a 'queue' or to an 'agent': {given} given")
    if fact.queue in directory.colleague_queues:
        said = f"queue {excerpt(fact.queue)} is for colleagues only, and nobody serves it"
        raise BadFact("queue", f"{said}; name another queue, or the colleague as 'agent'")
