"""What the HTTP library answers by itself, below all routes: what it cannot read is a problem like any other."""

import logging
import secrets
from typing import Final

from aiohttp import web

from adapters.http.middleware import set_headers
from adapters.http.problems import MEDIA_TYPE, of_status

logger = logging.getLogger(__name__)
REASON_MAX: Final = 100


class ProblemHandler(web.RequestHandler):
    """One connection whose errors are problems, and one line in the process's log."""

    __slots__ = ()

    def handle_error(
        self, request: web.BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.StreamResponse:
        """Answer what could not be handled, and close. Raises ConnectionError where an answer has begun already."""
        request_id = secrets.token_hex(8)
        if status >= 500:
            logger.error("request %s from %s failed", request_id, request.remote, exc_info=exc)
            detail = f"see the service's log for {request_id}"
        else:
            detail = f"this is no HTTP request: {reason_of(message or str(exc))}"
            logger.info("request %s from %s: %s", request_id, request.remote, detail)
        if request.writer.output_size > 0:
            raise ConnectionError("an answer has begun already; no other can be sent")
        problem = of_status(status, detail)
        body = problem.body("", request_id)
        response = web.Response(body=body, status=problem.kind.status, content_type=MEDIA_TYPE)
        set_headers(response, request_id)
        response.force_close()
        return response

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Send an answer; one that the library gave by itself, before any handler was asked, as a problem."""
        if isinstance(resp, web.HTTPException) and resp.status >= 400 and not resp.prepared:
            resp = self._as_problem(request, resp)
        return await super().finish_response(request, resp, start_time)

    def _as_problem(self, request: web.BaseRequest, failed: web.HTTPException) -> web.Response:
        request_id = secrets.token_hex(8)
        detail = failed.reason
        if failed.status == 417:
            detail = f"Expect: {request.headers.get('Expect', '')[:40]} is not known; leave the header out"
        problem = of_status(failed.status, detail)
        body = problem.body(request.path, request_id)
        response = web.Response(body=body, status=problem.kind.status, content_type=MEDIA_TYPE)
        set_headers(response, request_id)
        response.force_close()  # a body may be under way that nobody will read
        return response


class ProblemServer(web.Server):
    """Makes such connections."""

    def __call__(self) -> ProblemHandler:
        """Return the handler of a new connection."""
        return ProblemHandler(self, loop=self._loop, **self._kwargs)


class ProblemRunner(web.AppRunner):
    """Runs an application on such a server."""

    async def _make_server(self) -> ProblemServer:
        made = await super()._make_server()
        return ProblemServer(made.request_handler, request_factory=made.request_factory, **made._kwargs)


def reason_of(message: str) -> str:
    """Return what the library says is wrong, in one line without what was sent."""
    first = message.strip().partition("\n")[0]
    return first.partition(" when reading")[0].rstrip(":. ")[:REASON_MAX]
