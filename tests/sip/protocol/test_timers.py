"""The timer queues against a sorted list."""

from hypothesis import given
from hypothesis import strategies as st

from adapters.sip.protocol import Hop, State
from adapters.sip.protocol.client_transaction import OTHER_CLIENT
from adapters.sip.protocol.timers import Timers
from adapters.sip.protocol.transaction import ClientTransaction
from tests.sip.protocol.support import received, request_octets

REQUEST = received(request_octets("BYE"))
ACTIONS = st.tuples(
    st.sampled_from(["retransmit", "expiry", "stop retransmit", "stop expiry", "wait", "compact"]),
    st.integers(0, 3),
    st.sampled_from([1, 2, 4, 8, 64]),
)


@given(st.lists(ACTIONS, max_size=60))
def test_what_is_due_is_what_a_sorted_list_says(actions: list[tuple[str, int, int]]) -> None:
    timers = Timers()
    transactions = [
        ClientTransaction((str(number), "BYE"), REQUEST, Hop("udp", "h", 1), State.TRYING, OTHER_CLIENT)
        for number in range(4)
    ]
    model: dict[tuple[int, bool], int] = {}
    now_ns = 1
    for action, number, amount in actions:
        transaction = transactions[number]
        match action:
            case "retransmit":
                timers.start_retransmit(transaction, amount, now_ns)
                model[number, True] = now_ns + amount
            case "expiry":
                timers.start_expiry(transaction, amount, now_ns)
                model[number, False] = now_ns + amount
            case "stop retransmit":
                transaction.retransmit_at_ns = 0
                model.pop((number, True), None)
            case "stop expiry":
                transaction.expires_at_ns = 0
                model.pop((number, False), None)
            case "compact":
                timers.compact(-2000)
                assert timers.size <= 4096
            case _:
                now_ns += amount
                due = timers.take_due(now_ns)
                expected = {key for key, at_ns in model.items() if at_ns <= now_ns}
                fired = [(int(each.key[0]), retransmit) for each, retransmit in due]
                assert len(fired) == len(expected)
                assert set(fired) == expected
                times = [model[key] for key in fired]
                assert times == sorted(times)
                for key in expected:
                    del model[key]
        assert timers.next_due_ns() == (min(model.values()) if model else None)
