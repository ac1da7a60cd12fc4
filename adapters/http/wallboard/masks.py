"""What a screen on the wall may show of a customer: enough to know them again, too little to call them."""

import re
from typing import Final

HIDDEN: Final = "•••"
DIGITS_SHOWN: Final = 4
SHORT: Final = 6
"""Numbers up to so many digits are extensions and say nothing of a person's."""
_ADDRESS: Final = re.compile(r"^(?:sips?:|tel:|mailto:)?([^@;?]+)(@[^;?]+)?", re.IGNORECASE)
_NUMBER: Final = re.compile(r"^[+\d][\d\s().\-/]*$")


def masked(customer: str) -> str:
    """Return a number's last four digits, an address with its first letter and its host, a name by its initials."""
    match = _ADDRESS.match(customer.strip())
    if match is None:
        return ""
    user, host = match[1].strip(), match[2] or ""
    if _NUMBER.match(user):
        digits = re.sub(r"\D", "", user)
        return digits if len(digits) <= SHORT else HIDDEN + digits[-DIGITS_SHOWN:]
    if host:
        return f"{user[:1]}{HIDDEN}{host}"
    if any(character.isdigit() for character in user):
        return HIDDEN + user[-DIGITS_SHOWN:]
    return " ".join(word[:1] + "." for word in user.split())
