"""One form for each telephone number, E.164, so that a customer is one whichever way their number came in."""

import re
from typing import Final

import msgspec

DIGITS_MAX: Final = 15
"""Of a number with its country code, as ITU-T E.164 has it."""
DIGITS_MIN: Final = 7
"""Of one that is dialled from abroad; shorter ones are extensions and short codes, which are left as they are."""
SUBSCRIBER_MIN: Final = 8
"""Digits behind the country code where nothing else says that it is one."""
NUMBER_AS_IT_CAME: Final = "number"
"""Attribute of a contact whose customer's number came in another form: this one is dialled."""
_WRITTEN: Final = re.compile(r"\+?[0-9][0-9 ().\u00a0/-]*")
_BESIDE_DIGITS: Final = re.compile(r"[^0-9]")


def is_number(text: str) -> bool:
    """Tell whether a text is a telephone number as people write them: digits, perhaps + before and signs between."""
    return _WRITTEN.fullmatch(text.strip()) is not None


class NumberPlan(msgspec.Struct, frozen=True):
    """How numbers are written in a country."""

    country_code: str
    trunk_prefix: str = "0"
    """What is dialled before a number within the country; empty: nothing."""
    international_prefix: str = "00"
    """What is dialled before a country code; + always is one, too."""

    def canonical(self, customer: str) -> str:
        """Return a telephone number as +, country code and the rest; anything else as it is."""
        written = customer.strip()
        if not _WRITTEN.fullmatch(written):
            return customer
        digits = _BESIDE_DIGITS.sub("", written)
        number = digits if written.startswith("+") else self._with_country(digits)
        return f"+{number}" if DIGITS_MIN <= len(number) <= DIGITS_MAX else customer

    def _with_country(self, digits: str) -> str:
        """The number as it is dialled from abroad; empty where that cannot be known."""
        home, trunk = self.country_code, self.trunk_prefix
        if self.international_prefix and digits.startswith(self.international_prefix):
            return digits.removeprefix(self.international_prefix)
        if trunk and digits.startswith(trunk):
            return home + digits.removeprefix(trunk)
        if digits.startswith(home) and len(digits) >= len(home) + SUBSCRIBER_MIN:
            return digits
        return home + digits if not trunk and len(digits) >= SUBSCRIBER_MIN else ""
