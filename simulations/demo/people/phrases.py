"""What the demo's visitors and agents write to each other."""

from typing import Final

import msgspec


class Talk(msgspec.Struct, frozen=True):
    """One chat: what the visitor says, line by line, and what the agent answers to each."""

    visitor: tuple[str, ...]
    agent: tuple[str, ...]


BYE: Final = "Thank you, goodbye!"
"""After this line the agent ends the chat."""
TALKS: Final = (
    Talk(
        ("Hello, is there still room on the boat to Hạ Long on Friday?", "We are two.", "Then we take both, please."),
        ("Let me look. For how many?", "There are three places left.", "Done: the booking is 4711."),
    ),
    Talk(
        ("I cannot find the voucher for our hotel in Huế.", "It is booked under the name Mai."),
        ("Under which name is it booked?", "I have sent it once more, it should be with you now."),
    ),
    Talk(
        ("Xin chào, tôi muốn đổi ngày bay.", "Mã đặt chỗ là 2203.", "Sang ngày 12 được không?"),
        ("Chào bạn, cho mình xin mã đặt chỗ nhé.", "Bạn muốn đổi sang ngày nào?", "Được rồi, mình đã đổi cho bạn."),
    ),
    Talk(
        ("Bonjour, faut-il un visa pour trois semaines?", "Nous venons de Lyon."),
        ("Bonjour! D'où venez-vous?", "Pour 45 jours il n'en faut pas."),
    ),
)
NAMES: Final = ("Mai", "Lan", "Tuấn", "Hương", "Claire", "John", "Sophie", "Minh Anh")
GREETING: Final = "Hello, this is {name} of Lotus Travel. I have read your question."
ANYTHING: Final = "I see. I am one of the demo's agents, so I know no more than this; write on, or end the chat."
"""To visitors whom nobody plays."""


def answer_to(line: str, known: str = ANYTHING) -> str:
    """What an agent writes to a line of a visitor."""
    for talk in TALKS:
        if line in talk.visitor:
            return talk.agent[min(talk.visitor.index(line), len(talk.agent) - 1)]
    return known
