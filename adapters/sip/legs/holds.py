"""Who holds a call: phones, told by their own words, and a desk, told by what was asked for there."""

from typing import Protocol


class Change(Protocol):
    """What a desk has asked for: that the call be held, or taken back."""

    def begin(self) -> None:
        """Ask both sides, as they are now."""

    def anew(self) -> "Change":
        """The same from its beginning; what comes of its offers so far concerns nobody."""


class Holds:
    """Of one call.

    While its sides change (`settle` to `settled`), what a desk asks for waits: offers of both would cross, and leave a
    side with what the other does not know. What was under way begins anew then, with the sides as they are.
    """

    def __init__(self) -> None:
        self.by_phones: set[object] = set()
        """Sides whose phones have put the other one on hold."""
        self.by_desk = False
        """Whether the agent holds the call from a desk: until a desk takes it back, nothing is heard either way."""
        self.asked: Change | None = None
        """What a desk has asked for and is not done."""
        self.settling = False
        """Whether a side is being exchanged for another."""

    @property
    def is_on(self) -> bool:
        """Whether anybody holds the call."""
        return self.by_desk or bool(self.by_phones)

    def ask(self, change: Change) -> None:
        """Do what a desk asks for; the same again changes nothing."""
        if type(self.asked) is type(change):
            return
        self.asked = change
        if not self.settling:
            change.begin()

    def settle(self) -> None:
        """The sides begin to change."""
        self.settling = True
        self.asked = self.asked.anew() if self.asked is not None else None

    def settled(self) -> None:
        """The sides are what they are."""
        if self.settling:
            self.settling = False
            if self.asked is not None:
                self.asked.begin()

    def clear(self) -> bool:
        """Who holds is out of the call; returns whether somebody did."""
        was_on = self.is_on
        self.by_phones.clear()
        self.by_desk, self.asked, self.settling = False, None, False
        return was_on
