"""The FastAPI application: endpoints, errors as JSON, and the OpenAPI description."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
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
from assetgen.server.http_errors import UNPROCESSABLE, BadPath, QueueFull, error_body, http_status
from assetgen.server.requests import JOB_REQUESTS, OpenProject
from assetgen.server.routes import router

_ABOUT = "Makes game art on this machine. plugins/API.md is the contract."
_BAD_REQUEST = 400
_METHOD_NOT_ALLOWED = 405
_RETRY_SECONDS = "5"
_DECODING = 2
"""Uploads that are decoded at once: each may be an image that takes a gigabyte of memory."""


def make_app(context: ServerContext, shutdown: Callable[[], None]) -> FastAPI:
    """The application of one server, which `shutdown` ends. Serve it behind a `Guard`."""

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        context.jobs.notifier.attach()
        yield

    app = FastAPI(
        title="assetgen",
        version=__version__,
        description=_ABOUT,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.context, app.state.shutdown = context, shutdown
    app.state.decoding = asyncio.Semaphore(_DECODING)
    app.include_router(router)
    app.add_exception_handler(AssetgenError, _assetgen_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(ClientDisconnect, _disconnected)
    app.add_exception_handler(Exception, _unexpected_error)
    _add_token(app)
    return app


def _add_token(app: FastAPI) -> None:
    """Add the token to the OpenAPI description."""
    describe = app.openapi

    def openapi() -> dict[str, Any]:
        schema = describe()
        schemes = schema.setdefault("components", {}).setdefault("securitySchemes", {})
        schemes["token"] = {"type": "http", "scheme": "bearer", "description": "The token of server.json"}
        schema["security"] = [{"token": []}]
        return schema

    app.openapi = openapi  # type: ignore[method-assign]


def _assetgen_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, AssetgenError)
    status = http_status(error)
    headers = {"retry-after": _RETRY_SECONDS} if status == QueueFull.status else {}
    return JSONResponse(error_body(error), status, headers)


def _validation_error(request: Request, error: Exception) -> JSONResponse:
    """A body or parameter of the wrong type, with the same messages as in packs."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    part, *keys = [str(key) for key in first["loc"]] or ["request"]
    if first["type"] == "json_invalid":
        return JSONResponse(error_body(InputError("the body is not JSON", where="request")), _BAD_REQUEST)
    if part == "body" and isinstance(error.body, bytes) and error.body:  # FastAPI parses bodies of this type only
        cure = "Send the header 'Content-Type: application/json'"
        return JSONResponse(
            error_body(InputError("the body is not declared as JSON", where="request", cure=cure)), UNPROCESSABLE
        )
    if part == "body" and isinstance(error.body, Mapping) and (found := _explain(request, error.body)):
        return JSONResponse(error_body(found), UNPROCESSABLE)
    message = TYPE_MESSAGES.get(first["type"], str(first["msg"]))
    if first["type"] == "missing":
        message = f"'{'.'.join(keys) or part}' is missing"
    where = ".".join([part, *keys])
    return JSONResponse(error_body(InputError(message, where=where)), UNPROCESSABLE)


def _explain(request: Request, body: Mapping[str, Any]) -> InputError | None:
    model = OpenProject if request.url.path.endswith("/projects") else JOB_REQUESTS.get(str(body.get("kind")))
    try:
        if model:
            validate_at(model, body, Document("request", body), ())
    except InputError as error:
        return error
    return None


def _http_error(request: Request, error: Exception) -> JSONResponse:
    """Errors of the framework, such as unknown paths and methods."""
    assert isinstance(error, HTTPException)
    detail: Any = error.detail
    if isinstance(detail, dict):
        return JSONResponse({"error": detail}, error.status_code, error.headers)
    if error.status_code == _METHOD_NOT_ALLOWED:
        allowed = (route for route in router.routes if route.matches(request.scope)[0] is not Match.NONE)
        methods = ", ".join(sorted({method for route in allowed for method in getattr(route, "methods", None) or ()}))
        return JSONResponse(error_body(InputError(str(detail))), _METHOD_NOT_ALLOWED, {"allow": methods})
    cure = {404: "GET /openapi.json lists the endpoints", BadPath.status: "Send JSON"}.get(error.status_code, "")
    return JSONResponse(error_body(InputError(str(detail), cure=cure)), error.status_code, error.headers)


def _disconnected(request: Request, error: Exception) -> JSONResponse:
    return JSONResponse(error_body(InputError("the client disconnected")), _BAD_REQUEST)


def _unexpected_error(request: Request, error: Exception) -> JSONResponse:
    what = f"internal server error ({type(error).__name__})"
    return JSONResponse(error_body(InputError(what, cure="Report it with the server's output")), 500)
