"""The review page over HTTP: one page at a secret path of a random loopback port, with its picks and updates.

Any web site can send requests to a loopback port, and with DNS rebinding under a name of its own. `Guard` therefore
checks Host and Origin, the path holds a secret, and a request body must be JSON.
"""

import asyncio
import contextlib
import secrets
import threading
import time
from collections.abc import Iterator
from typing import Annotated, Any

import uvicorn
from fastapi import Depends, FastAPI, HTTPException, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse

from assetgen.errors import AssetgenError, BuildError
from assetgen.review.session import ReviewSession
from assetgen.server.guard import Guard
from assetgen.server.requests import RequestBody
from assetgen.server.run import LOOPBACK, bound_socket, uvicorn_config

LONG_POLL = 20.0
"""Seconds that a request for updates is held open."""
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
}


class Choice(RequestBody):
    """A pick of the page; the number null takes it back."""

    asset: str
    number: int | None


class MoreCandidates(RequestBody):
    """A request for more candidates of an asset."""

    asset: str


@contextlib.contextmanager
def serve_review(session: ReviewSession, long_poll: float = LONG_POLL) -> Iterator[str]:
    """Serve a review from a thread while the body runs; yields the URL of its page."""
    secret = secrets.token_urlsafe(24)
    with contextlib.closing(bound_socket(0)) as port:
        number = port.getsockname()[1]
        app = Guard(make_review_app(session, secret, long_poll), None, number)
        server = uvicorn.Server(uvicorn_config(app, lifespan="off"))
        thread = threading.Thread(target=lambda: asyncio.run(server.serve([port])), name="assetgen review")
        thread.start()
        try:
            while not server.started and thread.is_alive():
                time.sleep(0.01)
            if not server.started:
                raise BuildError("the review server did not start", cure="Run the command again with --debug")
            yield f"http://{LOOPBACK}:{number}/{secret}/"
        finally:
            session.close()
            server.should_exit = True
            thread.join()


def make_review_app(session: ReviewSession, secret: str, long_poll: float) -> FastAPI:
    """The page and its three requests, below `/SECRET/`."""

    def check_secret(request: Request, response: Response) -> None:
        if not secrets.compare_digest(request.path_params["secret"].encode(), secret.encode()):
            raise HTTPException(404)
        response.headers.update(HEADERS)

    app = FastAPI(openapi_url=None, redirect_slashes=False, dependencies=[Depends(check_secret)])

    @app.exception_handler(AssetgenError)
    def failed(request: Request, error: AssetgenError) -> JSONResponse:
        return JSONResponse({"error": str(error)}, headers=HEADERS)  # 200: the page shows it

    @app.exception_handler(HTTPException)
    def refused(request: Request, error: HTTPException) -> JSONResponse:
        return JSONResponse({"error": str(error.detail)}, error.status_code, headers=HEADERS)

    @app.exception_handler(RequestValidationError)
    def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        return JSONResponse({"error": "the request is invalid"}, 422, headers=HEADERS)

    @app.get("/{secret}/")
    def show_page() -> HTMLResponse:
        return HTMLResponse(session.page(), headers=HEADERS)

    @app.get("/{secret}/updates")
    def wait_for_updates(after: Annotated[int, Query(ge=0)] = 0) -> dict[str, Any]:
        return session.updates(after, long_poll)

    @app.post("/{secret}/pick")
    def pick(choice: Choice) -> dict[str, Any]:
        session.pick(choice.asset, choice.number)
        return {}

    @app.post("/{secret}/more")
    def sample_more(more: MoreCandidates) -> dict[str, Any]:
        session.sample_more(more.asset)
        return {}

    return app
