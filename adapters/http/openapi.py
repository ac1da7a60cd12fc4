"""The API's description in the form of OpenAPI 3.1, made from the route table and the messages themselves."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final

import msgspec

from adapters.http.problems import MEDIA_TYPE, ProblemBody
from adapters.http.route_table import OPEN, Route

EVERYWHERE: Final = (400, 401, 403, 408, 421, 429, 500, 503)
"""Statuses that any address may answer."""
_HEADERS: Final = {
    "X-Request-Id": {"schema": {"type": "string"}, "description": "Names the request in the service's log"},
}
_AS_OF: Final = {"schema": {"type": "integer"}, "description": "Position of the log that the answer is true at"}


def describe(routes: Sequence[Route], version: str, secured: bool) -> dict[str, Any]:
    """Return the whole description."""
    types = [
        shape
        for route in routes
        for shape in (route.body, route.answer, *(also for _, also in route.also_takes))
        if shape is not None
    ]
    schemas, components = msgspec.json.schema_components(
        [*types, ProblemBody], ref_template="#/components/schemas/{name}"
    )
    found = dict(zip([id(shape) for shape in types], schemas, strict=False))
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, found, secured)
    return {
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": {
            "title": "Trunkline",
            "version": version,
            "description": "Facts in, figures out. Every answer that shows state is durable and says, in `as_of`, at "
            "which position of the log it is true.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "tags": [{"name": group} for group in dict.fromkeys(route.group for route in routes)],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "trunkline_<id>_<secret>"},
                "ticket": {"type": "apiKey", "in": "query", "name": "ticket"},
            },
        },
    }


def _operation(route: Route, schemas: dict[int, Any], secured: bool) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": route.name,
        "summary": route.summary,
        "tags": [route.group],
        "parameters": [_parameter(parameter) for parameter in route.parameters],
        "responses": _responses(route, schemas),
    }
    if route.text:
        operation["description"] = route.text
    if route.body is not None:
        content = {"schema": schemas[id(route.body)]}
        operation["requestBody"] = {
            "required": route.body_required,
            "content": {
                "application/json": content,
                "application/msgpack": content,
                **{media: {"schema": schemas[id(shape)]} for media, shape in route.also_takes},
            },
        }
    if route.takes_file:
        bytes_of_file = {"schema": {"type": "string", "format": "binary"}}
        operation["requestBody"] = {"required": True, "content": {"application/octet-stream": bytes_of_file}}
    if secured and route.scope != OPEN:
        operation["security"] = [
            *({"bearer": [scope]} for scope in (route.scope, route.or_scope) if scope),
            *([{"ticket": []}] if route.by_ticket else []),
        ]
    return operation


def _parameter(parameter: Any) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": parameter.name,
        "in": parameter.place,
        "description": parameter.text,
        "schema": parameter.schema or {"type": "string"},
    }
    if parameter.required or parameter.place == "path":
        found["required"] = True
    if isinstance(parameter.schema, dict) and parameter.schema.get("type") == "array":
        found |= {"style": "form", "explode": False}
    return found


def _responses(route: Route, schemas: dict[int, Any]) -> dict[str, Any]:
    content: dict[str, Any] = {}
    for media in route.produces:
        structured = route.answer is not None and media in ("application/json", "application/msgpack")
        content[media] = {"schema": schemas[id(route.answer)]} if structured else {"schema": {"type": "string"}}
    nothing = {"description": HTTPStatus.NO_CONTENT.phrase, "headers": _HEADERS}
    if route.status == HTTPStatus.NO_CONTENT:
        return {"204": nothing, **_bad(route)}
    good: dict[str, Any] = {
        "description": HTTPStatus(route.status).phrase,
        "headers": {**_HEADERS, "X-Trunkline-As-Of": _AS_OF},
        "content": content,
    }
    told = {str(route.status): good} | ({"204": nothing} if route.or_nothing else {})
    return {**told, **_bad(route)}


def _bad(route: Route) -> dict[str, Any]:
    problem = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemBody"}}}
    statuses = sorted({*EVERYWHERE, *route.problems})
    bad = {
        str(status): {"description": HTTPStatus(status).phrase, "headers": _HEADERS, "content": problem}
        for status in statuses
    }
    if route.tagged:
        bad["304"] = {"description": "Not changed since the ETag in If-None-Match"}
    return bad
