"""The words of the protocol between widget and adapter: tagged, strict and bounded; bytes in, frames out.

Every frame of the server has `seq`: the position of the log at which it is true, and of a line its own place. The
client says what it has seen by the greatest `seq` of the lines that it shows.
"""

from typing import Annotated, Final, Literal

import msgspec

from adapters.webchat.told import Line, Notice, Past, State
from engine.errors import TrunklineError
from engine.messages.observed import INTEGER_MAX, MESSAGE_MAX

FRAME_BYTES_MAX: Final = 64 << 10
ClientId = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+(?![\s\S])")]
"""The client's own name of what it says: said again, it is answered as the first time."""
Seq = Annotated[int, msgspec.Meta(ge=0, le=INTEGER_MAX)]
Text = Annotated[str, msgspec.Meta(max_length=MESSAGE_MAX)]
Word = Annotated[str, msgspec.Meta(max_length=64)]
Form = Annotated[
    dict[Word, Annotated[str, msgspec.Meta(max_length=512)]],
    msgspec.Meta(max_length=16),
]


class ClientFrame(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type"):
    """What the visitor's side says."""


class Hello(ClientFrame, frozen=True, kw_only=True, tag="hello"):
    """The first frame: who, where, and what is on the screen already."""

    inbox: Word
    session: Annotated[str, msgspec.Meta(max_length=1024)] = ""
    """The token of an earlier welcome."""
    jwt: Annotated[str, msgspec.Meta(max_length=4096)] = ""
    after_seq: Seq = 0
    left: Seq = 0
    """Id of an ended chat that the page shows no more: its visitor is about to begin another."""
    locale: Annotated[str, msgspec.Meta(max_length=35)] = ""


class Start(ClientFrame, frozen=True, kw_only=True, tag="start"):
    """Begin a chat; out of hours, leave a message."""

    client_id: ClientId
    text: Text = ""
    fields: Form = {}


class Say(ClientFrame, frozen=True, kw_only=True, tag="message"):
    """A line."""

    client_id: ClientId
    text: Text = ""
    attachment: Annotated[str, msgspec.Meta(max_length=2048)] = ""
    """The ticket that an upload was answered with."""


class Typing(ClientFrame, frozen=True, kw_only=True, tag="typing"):
    """The visitor writes, or stopped."""

    on: bool = True


class Read(ClientFrame, frozen=True, kw_only=True, tag="read"):
    """The visitor has seen the lines up to here."""

    seq: Annotated[int, msgspec.Meta(ge=1, le=INTEGER_MAX)]


class LeaveNumber(ClientFrame, frozen=True, kw_only=True, tag="leave_number"):
    """Be called back instead of waiting, or of being turned away out of hours."""

    client_id: ClientId
    number: Word
    fields: Form = {}


class End(ClientFrame, frozen=True, kw_only=True, tag="end"):
    """Leave the chat."""

    client_id: ClientId = ""
    """With it there is an answer, and it may be said again."""
    contact_id: Seq = 0
    """Which chat; 0: the one that goes on."""


class Survey(ClientFrame, frozen=True, kw_only=True, tag="survey"):
    """How it was."""

    score: Annotated[int, msgspec.Meta(ge=0, le=10)]
    comment: Text = ""
    client_id: ClientId = "survey"
    contact_id: Seq = 0
    """Which chat it was; 0: the latest."""


class History(ClientFrame, frozen=True, kw_only=True, tag="history"):
    """Show earlier conversations, those before the one of this id."""

    before_id: Annotated[int, msgspec.Meta(ge=1, le=INTEGER_MAX)] = INTEGER_MAX


class Ping(ClientFrame, frozen=True, kw_only=True, tag="ping"):
    """Are you there?"""


AnyClientFrame = Hello | Start | Say | Typing | Read | LeaveNumber | End | Survey | History | Ping


Code = Literal[
    "agent_here",
    "already_open",
    "answered_already",
    "bad_attachment",
    "bad_field",
    "bad_identity",
    "bad_number",
    "bad_score",
    "busy",
    "chats_taken",
    "closed",
    "empty",
    "hello_first",
    "identity_required",
    "malformed",
    "no_callback",
    "no_chat",
    "no_inbox",
    "no_survey",
    "not_begun",
    "not_served",
    "not_taken",
    "out_of_order",
    "slow_down",
    "too_large",
    "too_many_files",
]
"""Why something was not done, for programs: the widget has its own words for each."""


class ServerFrame(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    """What the adapter says."""

    seq: int


class Welcome(ServerFrame, frozen=True, kw_only=True, tag="welcome"):
    """The answer to hello."""

    session: str
    open: bool
    """Whether chats are taken now."""
    state: State
    has_history: bool
    named: bool = False
    """Whether the site says what the visitor is called, so that nobody asks."""
    now_ms: int = 0
    """The service's clock, ms since 1970: clocks differ."""


class Ack(ServerFrame, frozen=True, kw_only=True, tag="ack"):
    """What the client named `client_id` is in the log at `seq`."""

    client_id: str
    became: Literal["", "chat", "message", "callback"] = ""
    """What was begun or left by it, whatever the page took it for: the queue may have opened or closed meanwhile."""


class Message(ServerFrame, frozen=True, kw_only=True, tag="message"):
    """A line of the conversation."""

    line: Line


class Queue(ServerFrame, frozen=True, kw_only=True, tag="queue"):
    """Where in line, and for how long from now on."""

    position: int
    wait_low_min: int | None
    wait_high_min: int | None
    longer: bool
    can_leave_number: bool
    contact_id: int = 0


class Assigned(ServerFrame, frozen=True, kw_only=True, tag="assigned"):
    """An agent is there; empty: the visitor waits again."""

    agent: str
    contact_id: int = 0
    idle_limit_s: int = 0
    idle_ends_ms: int = 0
    """As in `State`."""
    now_ms: int = 0
    """As in `Welcome`."""


class Silence(ServerFrame, frozen=True, kw_only=True, tag="silence"):
    """When silence ends the chat, whenever that changes while the agent stays."""

    idle_ends_ms: int
    """As in `State`."""
    now_ms: int
    """As in `Welcome`."""


class AgentTyping(ServerFrame, frozen=True, kw_only=True, tag="typing"):
    """The agent writes, or stopped."""

    on: bool


class AgentRead(ServerFrame, frozen=True, kw_only=True, tag="read"):
    """The agent has seen the lines up to `read_seq`."""

    read_seq: int


class Ended(ServerFrame, frozen=True, kw_only=True, tag="ended"):
    """The chat is over."""

    reason: str
    survey: str
    contact_id: int


class Earlier(ServerFrame, frozen=True, kw_only=True, tag="history"):
    """Earlier conversations, latest first."""

    conversations: list[Past]
    before_id: int | None
    """Where the next page begins; null: there are no earlier ones."""


class Pong(ServerFrame, frozen=True, kw_only=True, tag="pong"):
    """Yes."""


class Open(ServerFrame, frozen=True, kw_only=True, tag="open"):
    """Whether chats are taken from now on."""

    open: bool


class Notices(ServerFrame, frozen=True, kw_only=True, tag="notices"):
    """What plans in force tell visitors, all of it, from now on."""

    notices: list[Notice]


class Error(ServerFrame, frozen=True, kw_only=True, tag="error"):
    """Something was not done, and nothing was changed by it."""

    code: Code
    detail: str
    client_id: str = ""
    retry_after_s: int = 0
    """When the same may be said again; 0: it would be wrong again."""
    field: str = ""
    """Name of the form's field that is at fault, where one is."""


AnyServerFrame = (
    Welcome
    | Ack
    | Message
    | Queue
    | Assigned
    | Silence
    | AgentTyping
    | AgentRead
    | Ended
    | Earlier
    | Pong
    | Open
    | Notices
    | Error
)


class _Named(msgspec.Struct):
    client_id: ClientId


_DECODER: Final = msgspec.json.Decoder(AnyClientFrame)
_NAME_DECODER: Final = msgspec.json.Decoder(_Named)
_ENCODER: Final = msgspec.json.Encoder()


class BadFrame(TrunklineError):
    """What came is no frame; `code` is for programs, the text for people."""

    def __init__(
        self, code: Code, detail: str, client_id: str = "", retry_after_s: int = 0, *, field: str = ""
    ) -> None:
        super().__init__(detail)
        self.code: Code = code
        self.client_id = client_id
        self.retry_after_s = retry_after_s
        self.field = field

    def frame(self, seq: int) -> Error:
        """The answer."""
        return Error(
            seq=seq,
            code=self.code,
            detail=str(self),
            client_id=self.client_id,
            retry_after_s=self.retry_after_s,
            field=self.field,
        )


def decode(data: bytes | str) -> AnyClientFrame:
    """Read one frame. Raises BadFrame, with the place of what is wrong."""
    if len(data) > FRAME_BYTES_MAX:
        raise BadFrame("too_large", f"a frame has at most {FRAME_BYTES_MAX} bytes")
    try:
        frame: AnyClientFrame = _DECODER.decode(data)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise BadFrame("malformed", str(error)[:500], _name_in(data)) from None
    return frame


def _name_in(data: bytes | str) -> str:
    """What the client calls a frame that is not understood otherwise; empty where even that is not."""
    try:
        return _NAME_DECODER.decode(data).client_id
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return ""


def encode(frame: AnyServerFrame) -> str:
    """Write one frame."""
    return _ENCODER.encode(frame).decode()
