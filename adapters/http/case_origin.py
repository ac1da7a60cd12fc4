"""What a case takes over from the contact that it came from, wherever it is opened."""

from typing import Final, NamedTuple

from engine.messages.observed import CALLBACK_NUMBER
from engine.model.phone_numbers import NUMBER_AS_IT_CAME
from engine.projections.contacts.records import ContactRecord

BASE_MAX: Final = 64
NUMBER_MAX: Final = 128


class Origin(NamedTuple):
    """Whose case it is, and where they are called back; empty where the contact does not say it."""

    customer: str
    customer_base: str
    region: str
    number: str


def of_contact(record: ContactRecord) -> Origin:
    """Return what a case takes over from its contact."""
    told = record.attributes
    # of a chat the customer is a visitor, or whom the site names, and the number as it came was the customer
    caller = told.get(NUMBER_AS_IT_CAME) or record.customer if record.channel == "voice" else ""
    number = told.get(CALLBACK_NUMBER) or caller
    base, region = (told.get(name, "")[:BASE_MAX] for name in ("customer_base", "region"))
    return Origin(record.customer, base, region, number[:NUMBER_MAX])
