"""Who may bring the contact that calls a customer back, and by which keys: by these the log tells whether it came."""

from engine.ingest.seen import dedupe_key
from engine.model.callback_source import CALLBACK_SOURCE, callback_name


def callback_sources(owner: str) -> tuple[str, str]:
    """Names of the sources that may bring the callbacks of an adapter's customers; the first may be another's."""
    return CALLBACK_SOURCE, f"{CALLBACK_SOURCE}:{owner}"


def callback_keys(left_seq: int, owner: str) -> tuple[int, ...]:
    """Idempotence keys that the arrival of this callback may have."""
    name = callback_name(left_seq)
    return tuple(dedupe_key(source, name) for source in callback_sources(owner))
