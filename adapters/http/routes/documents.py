"""The documentation: `/openapi.json`, `/docs`, and a page for each kind of problem. All of it made here, no CDN."""

from html import escape
from importlib.resources import files
from typing import Any, Final

from aiohttp import web

from adapters.http.context import context_of
from adapters.http.problems import KINDS, Problem
from adapters.http.route_table import OPEN, Parameter, Route

_HTML: Final = "text/html"
_PAGES: Final = files("adapters.http") / "pages"


async def get_openapi(request: web.Request) -> web.Response:
    """Tell the API's description."""
    return web.Response(body=context_of(request).openapi, content_type="application/json", headers=_CACHED)


async def get_docs(request: web.Request) -> web.Response:
    """Show the API's description."""
    return web.Response(text=context_of(request).docs_page, content_type=_HTML, headers=_CACHED)


async def get_problem(request: web.Request) -> web.Response:
    """Show what a kind of problem means and what to do."""
    kind = KINDS.get(request.match_info["slug"])
    if kind is None:
        raise Problem("not-found", f"there is no problem of that kind; there are {', '.join(KINDS)}")
    body = f"<p>Status {kind.status}</p><p>{_code(kind.help)}</p>"
    return web.Response(text=page(kind.title, body), content_type=_HTML, headers=_CACHED)


_CACHED: Final = {"Cache-Control": "no-cache"}


def page(title: str, body: str) -> str:
    """Return a page of the documentation."""
    frame = (_PAGES / "document.html").read_text("utf-8")
    return frame.replace("{{title}}", escape(title)).replace("{{body}}", body)


def docs_page(description: dict[str, Any]) -> str:
    """Return the page that shows an API's description."""
    sections: dict[str, list[str]] = {tag["name"]: [] for tag in description["tags"]}
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            sections[operation["tags"][0]].append(_operation(path, method, operation))
    schemas = "".join(_schema(name, schema) for name, schema in sorted(description["components"]["schemas"].items()))
    links = "".join(f'<li><a href="#{escape(name)}">{escape(name)}</a></li>' for name in [*sections, "shapes"])
    parts = "".join(
        f'<section id="{escape(name)}"><h2>{escape(name)}</h2>{"".join(items)}</section>'
        for name, items in sections.items()
    )
    return page(
        "Trunkline API",
        f"<p>{_code(description['info']['description'])}</p>"
        f'<p>Machine-readable: <a href="/openapi.json">/openapi.json</a></p><nav aria-label="Subjects"><ul>{links}</ul>'
        f'</nav>{parts}<section id="shapes"><h2>shapes</h2>{schemas}</section>',
    )


def _operation(path: str, method: str, operation: dict[str, Any]) -> str:
    rows = "".join(
        f"<tr><th scope='row'><code>{escape(p['name'])}</code></th><td>{escape(p['in'])}</td>"
        f"<td>{_code(p['description'])}</td></tr>"
        for p in operation["parameters"]
    )
    table = (
        f"<table><caption>Parameters</caption><thead><tr><th scope='col'>Name</th><th scope='col'>In</th>"
        f"<th scope='col'>Meaning</th></tr></thead><tbody>{rows}</tbody></table>"
        if rows
        else ""
    )
    body = operation.get("requestBody")
    asks = f"<p>Body: {_type(next(iter(body['content'].values()))['schema'])}</p>" if body else ""
    answers = next(
        f"<p>Answer: {status} {_shape(answer)}</p>"
        for status, answer in operation["responses"].items()
        if status.startswith("2")
    )
    scope = operation.get("security", [{}])[0].get("bearer", [""])[0]
    needs = f" <small>scope {escape(scope)}</small>" if scope else ""
    return (
        f"<article id='{escape(operation['operationId'])}'><h3><span class='method'>{method.upper()}</span> "
        f"<code>{escape(path)}</code>{needs}</h3><p>{_code(operation['summary'])}. "
        f"{_code(operation.get('description', ''))}</p>{table}{asks}{answers}</article>"
    )


def _schema(name: str, schema: dict[str, Any]) -> str:
    rows = "".join(
        f"<tr><th scope='row'><code>{escape(field)}</code></th><td>{_type(shape)}</td>"
        f"<td>{'required' if field in schema.get('required', ()) else ''}</td></tr>"
        for field, shape in schema.get("properties", {}).items()
    )
    table = f"<table><thead><tr><th scope='col'>Field</th><th scope='col'>Type</th><th></th></tr></thead>{rows}</table>"
    return (
        f"<details id='{escape(name)}'><summary><code>{escape(name)}</code> "
        f"{_code(schema.get('description', ''))}</summary>{table if rows else ''}</details>"
    )


def _shape(answer: dict[str, Any]) -> str:
    """The type of an answer's first form; nothing of one without a body."""
    forms = answer.get("content", {})
    return _type(next(iter(forms.values()))["schema"]) if forms else "nothing"


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f'<a href="#{name}">{name}</a>'
    for word in ("anyOf", "oneOf"):
        if word in schema:
            choices = sorted(schema[word], key=lambda choice: choice.get("type") == "array")
            return " or ".join(dict.fromkeys(_type(choice) for choice in choices))
    if schema.get("type") == "array":
        items = schema.get("items", {})
        return "list of any of these" if "anyOf" in items else f"list of {_type(items)}"
    if schema.get("format") == "binary":
        return "the bytes of a file"
    if "enum" in schema:
        return ", ".join(f"<code>{escape(str(value))}</code>" for value in schema["enum"])
    return escape(str(schema.get("type", "anything")))


def _code(text: str) -> str:
    """Escape text, and show what stands between backticks as code."""
    parts = escape(text).split("`")
    return "".join(f"<code>{part}</code>" if place % 2 else part for place, part in enumerate(parts))


ROUTES: Final = (
    Route(
        "GET",
        "/openapi.json",
        get_openapi,
        "getOpenapi",
        "This description",
        OPEN,
        "documentation",
        produces=("application/json",),
    ),
    Route("GET", "/docs", get_docs, "getDocs", "This description as a page", OPEN, "documentation", produces=(_HTML,)),
    Route(
        "GET",
        "/problems/{slug}",
        get_problem,
        "getProblem",
        "What a kind of problem means",
        OPEN,
        "documentation",
        produces=(_HTML,),
        parameters=(Parameter("slug", "Last part of a problem's type", None, "path", True),),
        problems=(404,),
    ),
)
