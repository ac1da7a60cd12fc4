"""When the silence of its customer ends a contact, as the kernel has it."""

from typing import Final

from engine.kernel.tables import Tables
from engine.messages.kinds import CONTACT_CONNECTED, CONTACT_HELD_STATE

TALKING: Final = (CONTACT_CONNECTED, CONTACT_HELD_STATE)


def silence_ends_ns(t: Tables, slot: int) -> int:
    """The deadline of the contact in `slot`, ns since 1970; 0 where silence does not end it as things stand.

    That of a contact which waits is another: the time of its next step.
    """
    if slot < 0 or int(t.contacts[slot]["state"]) not in TALKING or not t.timers[slot]["place"]:
        return 0
    return int(t.timers[slot]["deadline_ns"])
