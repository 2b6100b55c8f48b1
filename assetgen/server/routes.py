"""The endpoints below `/api/v1`. What looks at packs or disks runs in threads; what waits, on the loop."""

import re
import time
from collections.abc import Mapping
from hashlib import sha256
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Header, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from assetgen import __version__
from assetgen.pack.library import Library, library_for
from assetgen.server import catalog, projects, uploads
from assetgen.server.context import ServerContext
from assetgen.server.files import read_file
from assetgen.server.jobs import MOST_EVENTS, Job
from assetgen.server.requests import Ask, JobAsk, OpenProject
from assetgen.server.responses import (
    PROBLEMS,
    JobLine,
    JobState,
    ModelLine,
    PartLine,
    PresetLine,
    PresetPage,
    Project,
    ServerStatus,
    Uploaded,
)
from assetgen.server.worker import look

LONGEST_WAIT = 30.0
GLANCE = 1.0
"""Seconds between looks at whether a waiting client is still there."""
FOREVER = "private, max-age=31536000, immutable"
JobId = Annotated[str, Path(max_length=40, description="The id of a job.")]
Client = Annotated[str, Header(alias="X-Assetgen-Client", max_length=100, description="Clients take turns.")]
After = Annotated[int, Query(ge=0, lt=2**53, description="The `seq` that the client has seen.")]
Known = Annotated[str, Header(alias="If-None-Match", max_length=1000)]
PresetName = Annotated[str, Path(max_length=100, examples=["pixel_sprite"])]
InSight = Annotated[str, Query(max_length=40, description="An opened project whose own presets are in sight, too.")]
Wait = Annotated[float, Query(ge=0, le=LONGEST_WAIT, description="Seconds to wait for news.")]
BINARY = {"type": "string", "format": "binary"}
router = APIRouter(prefix="/api/v1", responses=PROBLEMS)


def desk_of(request: Request) -> ServerContext:
    """The desk of the server that got this request."""
    desk: ServerContext = request.app.state.desk
    return desk


@router.get("/status", response_model=ServerStatus, openapi_extra={"security": []}, tags=["server"])
async def status() -> Any:
    """Who answers here. Needs no token."""
    return {"name": "assetgen", "version": __version__}


@router.get("/presets", response_model=list[PresetLine], tags=["catalog"])
def list_presets(request: Request, project: InSight = "") -> Any:
    """Kinds of asset."""
    return catalog.presets(_library(request, project))


@router.get("/presets/{name}", response_model=PresetPage, tags=["catalog"])
def show_preset(request: Request, name: PresetName, project: InSight = "") -> Any:
    """One preset, with a JSON schema of every part's arguments for generated forms."""
    return JSONResponse(catalog.preset(_library(request, project), name))


@router.get(
    "/presets/{name}/thumbnail",
    response_class=Response,
    responses={200: {"content": {"image/png": {"schema": BINARY}}}, 304: {"description": "The same as known"}},
    tags=["catalog"],
)
def show_thumbnail(request: Request, name: PresetName, project: InSight = "", known: Known = "") -> Response:
    """A small PNG that shows what the preset makes. Its ETag is its sha256."""
    data = catalog.thumbnail(_library(request, project), name)
    return _unless_known(data, sha256(data).hexdigest(), known, "image/png", "private, no-cache")


def _library(request: Request, project: str) -> Library:
    jobs = desk_of(request).jobs
    return library_for(projects.folder_of(jobs, project) if project else None, projects.readable(jobs))


@router.get("/models", response_model=list[ModelLine], tags=["catalog"])
def list_models() -> Any:
    """Model cards: licence, native size, whether the weights are here."""
    return JSONResponse(catalog.models(library_for()))


@router.get("/parts", response_model=list[PartLine], tags=["catalog"])
def list_parts() -> Any:
    """Sources, controls, steps, checks, exporters."""
    return JSONResponse(catalog.parts())


@router.post("/projects", response_model=Project, tags=["projects"])
def open_project(request: Request, ask: OpenProject) -> Any:
    """Open a game project or a folder of packs; opened again it has the same id."""
    return projects.open_project(desk_of(request).jobs, ask.path)


@router.get("/projects", response_model=list[Project], tags=["projects"])
def list_projects(request: Request) -> Any:
    """The opened projects."""
    return projects.projects(desk_of(request).jobs)


RAW = {"application/octet-stream": {"schema": {**BINARY, "minLength": 1}}}


@router.post(
    "/uploads",
    response_model=Uploaded,
    status_code=201,
    tags=["uploads"],
    openapi_extra={"requestBody": {"required": True, "content": RAW}},
)
async def upload(request: Request, name: Annotated[str, Query(max_length=200, examples=["keep.glb"])]) -> Any:
    """A picture or a mesh as the raw body (up to 64 MB)."""
    desk = desk_of(request)
    uploads.suffix_of(name)
    received = await uploads.receive(desk.uploads, request.stream())
    async with request.app.state.looking:
        return await run_in_threadpool(uploads.keep, desk.jobs, received, name)


@router.post("/jobs", response_model=JobState, status_code=202, tags=["jobs"])
def add_job(request: Request, ask: Annotated[JobAsk, Body()], client: Client = "anonymous") -> Any:
    """Put a job into the queue, once it is clear that it can be done."""
    desk = desk_of(request)
    assert isinstance(ask, Ask)
    ready = look(ask, desk)
    name = re.sub(r"[^\x20-\x7e]", "?", client)
    return JSONResponse(state_of(desk, desk.jobs.add(ask.kind, name, ask.model_dump(), ready.holds, ready.root)), 202)


@router.get("/jobs", response_model=list[JobLine], tags=["jobs"])
def list_jobs(request: Request, limit: Annotated[int, Query(ge=1, le=1000)] = 100) -> Any:
    """The newest jobs first."""
    desk = desk_of(request)
    positions = desk.jobs.positions()
    return JSONResponse([line_of(job, positions) for job in desk.jobs.latest(limit)])


@router.get("/jobs/{id}", response_model=JobState, tags=["jobs"])
async def show_job(request: Request, id: JobId, after: After = 0, wait: Wait = 0.0) -> Any:
    """A job and its events after `after`; with `wait`, as soon as there are any (long poll)."""
    desk, bell = desk_of(request), desk_of(request).jobs.bell
    until = time.monotonic() + wait
    news = bell.listen(id)
    try:
        while (job := desk.jobs.get(id)).seq == after and not job.is_over:
            left = until - time.monotonic()
            if left <= 0 or bell.closed or await request.is_disconnected():
                break
            if await bell.heard(news, min(left, GLANCE)):
                bell.forget(id, news)
                news = bell.listen(id)
    finally:
        bell.forget(id, news)
    return JSONResponse(state_of(desk, job, after))


@router.delete("/jobs/{id}", response_model=JobState, tags=["jobs"])
async def cancel_job(request: Request, id: JobId) -> Any:
    """Cancel a job: at once where it waits, else before the sampler's next step. One that is over stays as it is."""
    desk = desk_of(request)
    desk.jobs.get(id)
    desk.jobs.end(id, "cancelled")
    return JSONResponse(state_of(desk, desk.jobs.get(id)))


@router.get(
    "/jobs/{id}/files/{path:path}",
    response_class=Response,
    responses={200: {"content": {"*/*": {"schema": BINARY}}}, 304: {"description": ""}},
    tags=["jobs"],
)
def show_file(request: Request, id: JobId, path: Annotated[str, Path(max_length=1000)], known: Known = "") -> Response:
    """A file of a job, as the job made it. Its ETag is its sha256."""
    desk = desk_of(request)
    job = desk.jobs.get(id)
    data, file = read_file(desk.root(job), desk.jobs.files(id), path)
    return _unless_known(data, file["sha256"], known, _media_type(path), FOREVER)


def line_of(job: Job, positions: Mapping[str, int]) -> dict[str, Any]:
    """A job in a list."""
    told = ("id", "kind", "client", "status", "seq", "made", "started", "ended", "error", "request")
    facts = {name: getattr(job, name) for name in told}
    progress = {"done": 0, "total": 0, "fraction": 0.0, **job.progress}
    return {**facts, "progress": progress, "position": positions.get(job.id, 0)}


def state_of(desk: ServerContext, job: Job, after: int = 0) -> dict[str, Any]:
    """A job with its files and news."""
    events = desk.jobs.events(job.id, after)
    more = len(events) == MOST_EVENTS
    return {
        **line_of(job, desk.jobs.positions() if job.status == "queued" else {}),
        "seq": events[-1]["seq"] if more else max([job.seq, *(event["seq"] for event in events[-1:])]),
        "result": job.result,
        "files": desk.jobs.files(job.id),
        "events": events,
        "more": more,
    }


def _unless_known(data: bytes, digest: str, known: str, media_type: str, keep: str) -> Response:
    """A file with its digest as ETag; 304 without it where the client has it."""
    headers = {"etag": f'"{digest}"', "cache-control": keep}
    if headers["etag"] in known:
        return Response(status_code=304, headers=headers)
    return Response(data, media_type=media_type, headers=headers)


def _media_type(path: str) -> str:
    types: dict[str, Literal["image/png", "image/jpeg", "model/gltf-binary"]]
    types = {".png": "image/png", ".jpg": "image/jpeg", ".glb": "model/gltf-binary"}
    return types.get(path[path.rfind(".") :].lower(), "application/octet-stream")
