"""Lines of a conversation: how long answers take, who may write, and when silence ends a chat."""

from engine.messages import kinds as k
from engine.model.settings import SECOND_NS, QueueSetting
from engine.model.tallies import MEASURED_FIRST_RESPONSE, MEASURED_REPLY, Tally
from tests.kernel.scene import Scene


def write(scene: Scene, contact: int, agent: int = -1, by: int | None = None) -> None:
    """A line: of the agent named, else of the customer."""
    side = by if by is not None else k.BY_AGENT if agent >= 0 else k.BY_CUSTOMER
    scene.fact(k.MESSAGE_SENT, contact=contact, agent=agent, a=side)


def chat(scene: Scene, **fields: int) -> tuple[int, int]:
    """A chat that an agent took at once."""
    return scene.talk(channel=k.CHAT, **fields)


def chatting(idle_limit_s: int = 0) -> Scene:
    """A scene whose one agent takes chats."""
    scene = Scene(agents=1)
    scene.agent(0, k.CHAT, 3)
    scene.queue(0, QueueSetting.IDLE_LIMIT_NS, idle_limit_s * SECOND_NS)
    return scene


def counted(scene: Scene, column: Tally) -> int:
    """A counter of queue 0, chats."""
    return int(scene.tables.tallies[k.CHAT, column])


def test_the_first_response_counts_from_the_arrival_and_replies_from_the_question() -> None:
    scene = chatting()
    contact = scene.arrive(channel=k.CHAT)
    scene.wait(3)
    scene.answer(contact, 0)
    scene.wait(4)
    write(scene, contact, 0)
    scene.wait(10)
    write(scene, contact)
    scene.wait(5)
    write(scene, contact)  # asked again: the wait began with the first line
    scene.wait(2)
    write(scene, contact, 0)
    scene.wait(9)
    write(scene, contact, 0)  # nobody waited for this one
    assert counted(scene, Tally.FIRST_RESPONSES) == 1
    assert counted(scene, Tally.FIRST_RESPONSE_NS) == 7 * SECOND_NS
    assert counted(scene, Tally.REPLIES) == 1
    assert counted(scene, Tally.REPLY_NS) == 7 * SECOND_NS
    assert counted(scene, Tally.LONGEST_REPLY_NS) == 7 * SECOND_NS
    assert (counted(scene, Tally.MESSAGES_RECEIVED), counted(scene, Tally.MESSAGES_SENT)) == (2, 3)
    assert scene.tables.histograms[k.CHAT, MEASURED_FIRST_RESPONSE].sum() == 1
    assert scene.tables.histograms[k.CHAT, MEASURED_REPLY].sum() == 1


def test_a_chat_ends_when_its_customer_is_silent_after_the_agents_line() -> None:
    scene = chatting(idle_limit_s=60)
    contact, agent = chat(scene)
    write(scene, contact)
    scene.wait(600)
    assert scene.state(contact) == "connected"  # it is the agent who owes a line
    write(scene, contact, agent)
    scene.wait(59)
    assert scene.state(contact) == "connected"
    scene.wait(1)
    ended = scene.only(k.CONTACT_ENDED)
    assert (ended.contact, ended.a, ended.flags & k.FLAG_CLOSES) == (contact, k.BY_IDLE, k.FLAG_CLOSES)
    assert counted(scene, Tally.ENDED_IDLE) == 1
    assert scene.is_quiet()


def test_a_chat_in_which_nobody_writes_ends_too_but_no_call_does() -> None:
    scene = chatting(idle_limit_s=60)
    call, _ = scene.talk()
    scene.wait(600)
    assert scene.state(call) == "connected"
    scene.release(call)
    contact, _ = chat(scene)
    scene.wait(60)
    assert scene.state(contact) == "closed"


def test_automatic_lines_break_no_silence_and_answer_nothing() -> None:
    scene = chatting(idle_limit_s=60)
    contact, _ = chat(scene)
    scene.wait(50)
    write(scene, contact, by=k.BY_SYSTEM)
    scene.wait(10)
    assert scene.state(contact) == "closed"
    assert counted(scene, Tally.FIRST_RESPONSES) == 0
    assert counted(scene, Tally.MESSAGES_SENT) == 0


def test_silence_of_one_agents_talk_does_not_end_the_wait_for_another() -> None:
    scene = chatting(idle_limit_s=60)
    contact, agent = chat(scene)
    write(scene, contact, agent)
    scene.status(0, k.STATUS_PAUSED)
    scene.transfer(contact, queue=0)
    scene.wait(600)
    assert scene.state(contact) == "waiting"


def test_only_the_agent_who_is_connected_writes_as_one() -> None:
    scene = chatting()
    contact = scene.arrive(channel=k.CHAT)
    write(scene, contact, 0)  # offered, and not taken yet
    assert scene.only(k.FACT_REFUSED).a == k.REFUSED_WRONG_STATE
    scene.answer(contact, 0)
    write(scene, contact, by=k.BY_AGENT)
    assert scene.only(k.FACT_REFUSED).a == k.REFUSED_WRONG_STATE
    scene.release(contact)
    write(scene, contact)
    assert scene.only(k.FACT_REFUSED).a == k.REFUSED_WRONG_STATE
    assert counted(scene, Tally.MESSAGES_SENT) == 0
