"""The published description: what every route may answer, and that it needs an identity."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from app.api.identity import OPEN
from app.api.problems import MEDIA_TYPE, Problem

SCHEMES = {
    "key": {"type": "http", "scheme": "bearer", "description": "An API key: `quartermaster key create`."},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "quartermaster_session",
        "description": "A signed-in person.",
    },
}
PROBLEMS = {
    "400": "The request cannot be read",
    "401": "No identity, or one that is not valid (any more)",
    "403": "This caller may not do this",
    "404": "There is no such thing in this tenant",
    "408": "The body did not arrive in time",
    "409": "Something else is meant, was first, or has moved on",
    "413": "The body is too large",
    "415": "The body is of a type that is not read here",
    "422": "The request cannot be used as it is",
    "503": "A part that is needed does not answer; nothing was written",
}


def describe(app: FastAPI) -> None:
    """Make /openapi.json say it."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _described(app)
        return app.openapi_schema

    app.openapi = openapi


def _described(app: FastAPI) -> dict[str, Any]:
    schema = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
    parts = schema["components"]
    parts["securitySchemes"] = SCHEMES
    for name in ("HTTPValidationError", "ValidationError"):
        parts["schemas"].pop(name, None)
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    parts["schemas"] |= {"Problem": problem, **problem.pop("$defs")}
    for path, operations in schema["paths"].items():
        for operation in operations.values():
            if path not in OPEN:
                _demand(operation)
    return schema


def _demand(operation: dict[str, Any]) -> None:
    operation["security"] = [{name: []} for name in SCHEMES]
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for status, description in PROBLEMS.items():
        operation["responses"][status] = {"description": description, "content": content}
