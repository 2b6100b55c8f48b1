"""The application: endpoints, errors as JSON with one sentence each, and the OpenAPI description."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import Match

from assetgen import __version__
from assetgen.errors import AssetgenError, InputError
from assetgen.pack.yaml_files import TYPE_MESSAGES, Document, validate_at
from assetgen.server.context import ServerContext
from assetgen.server.http_errors import BAD_INPUT, BadPath, TooMany, as_json, status_of
from assetgen.server.requests import KINDS, OpenProject
from assetgen.server.routes import router

ABOUT = "Makes game art on this machine. The contract stands in plugins/API.md."
BAD_JSON = 400
NOT_SO = 405
RETRY_SECONDS = "5"
LOOKS = 2
"""Uploads that are looked at at once: each may be a picture that takes a gigabyte of memory."""


def make_app(desk: ServerContext) -> FastAPI:
    """The application of one desk; whoever serves it puts a `Guard` in front."""

    @contextlib.asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        desk.jobs.bell.open()
        yield

    app = FastAPI(
        title="assetgen", version=__version__, description=ABOUT, docs_url=None, redoc_url=None, lifespan=life
    )
    app.state.desk = desk
    app.state.looking = asyncio.Semaphore(LOOKS)
    app.include_router(router)
    app.add_exception_handler(AssetgenError, _told)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(ClientDisconnect, _gone)
    app.add_exception_handler(Exception, _broke)
    _describe(app)
    return app


def _describe(app: FastAPI) -> None:
    """Add the token to the OpenAPI description."""
    made = app.openapi

    def openapi() -> dict[str, Any]:
        schema = made()
        schemes = schema.setdefault("components", {}).setdefault("securitySchemes", {})
        schemes["token"] = {"type": "http", "scheme": "bearer", "description": "The token of server.json"}
        schema["security"] = [{"token": []}]
        return schema

    app.openapi = openapi  # type: ignore[method-assign]


def _told(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, AssetgenError)
    status = status_of(error)
    headers = {"retry-after": RETRY_SECONDS} if status == TooMany.status else {}
    return JSONResponse(as_json(error), status, headers)


def _invalid(request: Request, error: Exception) -> JSONResponse:
    """A body or a parameter that does not fit, in the words that packs get."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    place, *keys = [str(key) for key in first["loc"]] or ["request"]
    if first["type"] == "json_invalid":
        return JSONResponse(as_json(InputError("the body is not JSON", where="request")), BAD_JSON)
    if place == "body" and isinstance(error.body, Mapping) and (found := _explained(request, error.body)):
        return JSONResponse(as_json(found), BAD_INPUT)
    message = TYPE_MESSAGES.get(first["type"], str(first["msg"]))
    if first["type"] == "missing":
        message = f"'{'.'.join(keys) or place}' is missing"
    where = ".".join([place, *keys])
    return JSONResponse(as_json(InputError(message, where=where)), BAD_INPUT)


def _explained(request: Request, body: Mapping[str, Any]) -> InputError | None:
    model = OpenProject if request.url.path.endswith("/projects") else KINDS.get(str(body.get("kind")))
    try:
        if model:
            validate_at(model, body, Document("request", body), ())
    except InputError as error:
        return error
    return None


def _http(request: Request, error: Exception) -> JSONResponse:
    """What the framework refuses: paths and methods that are not there, bodies that cannot be read."""
    assert isinstance(error, HTTPException)
    detail: Any = error.detail
    if isinstance(detail, dict):
        return JSONResponse({"error": detail}, error.status_code, error.headers)
    if error.status_code == NOT_SO:
        allowed = (route for route in router.routes if route.matches(request.scope)[0] is not Match.NONE)
        methods = ", ".join(sorted({method for route in allowed for method in getattr(route, "methods", None) or ()}))
        return JSONResponse(as_json(InputError(str(detail))), NOT_SO, {"allow": methods})
    cure = {404: "GET /openapi.json lists what there is", BadPath.status: "Send JSON"}.get(error.status_code, "")
    return JSONResponse(as_json(InputError(str(detail), cure=cure)), error.status_code, error.headers)


def _gone(request: Request, error: Exception) -> JSONResponse:
    return JSONResponse(as_json(InputError("the client went away")), BAD_JSON)


def _broke(request: Request, error: Exception) -> JSONResponse:
    what = f"the server broke ({type(error).__name__})"
    return JSONResponse(as_json(InputError(what, cure="Report it, with the server's output")), 500)
