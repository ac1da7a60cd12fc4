"""What went wrong, in the form of RFC 9457: each kind has a page of its own that says what to do."""

from typing import Final

import msgspec

from engine.errors import TrunklineError

MEDIA_TYPE: Final = "application/problem+json"


class Fault(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing wrong with a request."""

    detail: str
    pointer: str | None = None
    """JSON pointer into the body."""
    parameter: str | None = None
    """Name of the query parameter or path part."""


class ProblemBody(msgspec.Struct, frozen=True, omit_defaults=True):
    """The body of every answer that is not a success."""

    type: str
    title: str
    status: int
    detail: str
    instance: str = ""
    request_id: str = ""
    errors: list[Fault] = []
    code: str = ""
    """Of a conflict: why routing set the fact aside, as `refused` of a batch's results says it."""


class ProblemKind(msgspec.Struct, frozen=True):
    """One kind of problem."""

    slug: str
    status: int
    title: str
    help: str


KINDS: Final = {
    kind.slug: kind
    for kind in (
        ProblemKind(
            "malformed",
            400,
            "The request cannot be read",
            "The body is not JSON or MessagePack of the shape that the documentation gives. Nothing was changed, even "
            "if other items of the same batch were well formed. Each entry of `errors` points at one place to mend.",
        ),
        ProblemKind(
            "bad-parameter",
            400,
            "A parameter cannot be used",
            "A query parameter or a part of the path has a value that it cannot have. `errors` names it.",
        ),
        ProblemKind(
            "unauthorised",
            401,
            "A token is needed",
            "Send `Authorization: Bearer trunkline_<id>_<secret>` with a token of the configuration. "
            "`trunkline token new` makes one.",
        ),
        ProblemKind(
            "forbidden",
            403,
            "This token may not do that",
            "The token lacks the scope that this address asks for, or a page of another origin sent the request. "
            "Add the scope to the token, or the origin to `cors`, in the configuration.",
        ),
        ProblemKind(
            "not-found",
            404,
            "There is nothing here",
            "The address, or the queue, agent or contact that it names, does not exist. Closed contacts are forgotten "
            "after a while; the log still has them.",
        ),
        ProblemKind("method-not-allowed", 405, "This address does not take that method", "See `Allow`."),
        ProblemKind("not-acceptable", 406, "No answer in that form", "See the documentation for the forms there are."),
        ProblemKind(
            "timeout",
            408,
            "The body came too slowly",
            "The whole body must arrive within the time that the configuration allows.",
        ),
        ProblemKind(
            "conflict",
            409,
            "The state does not allow that",
            "The fact was understood and recorded, but routing set it aside: the contact or the agent is no longer in "
            "a state in which it makes sense. Read the contact and decide anew. Where the detail says that nothing was "
            "changed, it was not recorded either.",
        ),
        ProblemKind(
            "too-large",
            413,
            "The request is too large",
            "Send fewer facts at once.",
        ),
        ProblemKind(
            "unsupported-media-type",
            415,
            "The body is of an unknown kind",
            "Send `Content-Type: application/json` or `application/msgpack`, texts in UTF-8, and the body as it is or "
            "packed by gzip or deflate, as `Content-Encoding` says.",
        ),
        ProblemKind(
            "expectation-failed",
            417,
            "That expectation cannot be met",
            "Of `Expect` only `100-continue` is known. Leave the header out.",
        ),
        ProblemKind(
            "misdirected",
            421,
            "This name is not ours",
            "The Host header names neither this machine nor a name listed under `hosts`. This keeps foreign web pages "
            "from reaching the service by a name that they point at your machine.",
        ),
        ProblemKind(
            "unprocessable",
            422,
            "None of it could be accepted",
            "The request is well formed, but names things that do not exist or says what cannot be. `errors` tells "
            "which; nothing was changed.",
        ),
        ProblemKind(
            "too-many-requests", 429, "Too many requests", "Wait for the seconds that `Retry-After` gives, then go on."
        ),
        ProblemKind("internal", 500, "Something broke here", "The service's log has the details under the request id."),
        ProblemKind(
            "overloaded",
            503,
            "The engine is full",
            "More facts are waiting to be decided than may, or as many contacts are open as `limits.contacts` allows. "
            "Send the same again after `Retry-After` seconds; with ids, "
            "nothing is counted twice.",
        ),
        ProblemKind(
            "not-ready",
            503,
            "The engine is not ready",
            "It is starting or stopping, or cannot write its log.",
        ),
    )
}


class Problem(TrunklineError):
    """Raised by a handler; the outermost middleware makes the answer of it."""

    def __init__(
        self,
        slug: str,
        detail: str,
        errors: list[Fault] | None = None,
        headers: dict[str, str] | None = None,
        code: str = "",
    ) -> None:
        super().__init__(detail)
        self.kind = KINDS[slug]
        self.detail = detail
        self.errors = errors or []
        self.headers = headers or {}
        self.code = code

    def body(self, instance: str, request_id: str) -> bytes:
        """Return the answer's body."""
        kind = self.kind
        return msgspec.json.encode(
            ProblemBody(
                f"/problems/{kind.slug}",
                kind.title,
                kind.status,
                self.detail,
                instance,
                request_id,
                self.errors,
                self.code,
            )
        )


def bad_parameter(name: str, detail: str) -> Problem:
    """Return the problem of one parameter."""
    return Problem("bad-parameter", f"{name}: {detail}", [Fault(detail, parameter=name)])


def of_status(status: int, detail: str, headers: dict[str, str] | None = None) -> Problem:
    """Return the problem that stands for a status of the HTTP library's own."""
    for kind in KINDS.values():
        if kind.status == status:
            return Problem(kind.slug, detail, headers=headers)
    return Problem("internal" if status >= 500 else "malformed", detail, headers=headers)
