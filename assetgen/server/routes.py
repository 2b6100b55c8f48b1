"""The endpoints below `/api/v1`. Those that read packs or disks run in threads; those that wait, on the event loop."""

import re
import time
from collections.abc import Mapping
from hashlib import sha256
from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Body, Header, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from assetgen import __version__
from assetgen.pack.library import Library, library_for
from assetgen.server import catalog, history, projects, uploads
from assetgen.server.context import ServerContext
from assetgen.server.files import read_file
from assetgen.server.http_errors import NotFound
from assetgen.server.jobs import MAX_EVENTS, Job
from assetgen.server.requests import (
    JOB_REQUESTS,
    MAX_VARIATIONS,
    JobRequest,
    OpenProject,
    RequestBody,
    title_of,
)
from assetgen.server.responses import (
    API,
    ERROR_RESPONSES,
    History,
    JobState,
    JobSummary,
    ModelSummary,
    OpenedProject,
    PartDetail,
    PresetDetail,
    PresetSummary,
    QueuedJobState,
    ServerStatus,
    UploadInfo,
)
from assetgen.server.worker import check_request

_MAX_WAIT = 30.0
_END_OF_TIME = 1e12
"""Seconds since 1970."""
_POLL = 1.0
"""Seconds between checks whether a waiting client is still connected."""
_FOREVER = "private, max-age=31536000, immutable"
_MEDIA_TYPES = {".png": "image/png", ".jpg": "image/jpeg", ".glb": "model/gltf-binary"}
_BINARY = {"type": "string", "format": "binary"}
_RAW_BODY = {"application/octet-stream": {"schema": {**_BINARY, "minLength": 1}}}
JobId = Annotated[str, Path(max_length=40, description="The id of a job.")]
Client = Annotated[str, Header(alias="X-Assetgen-Client", max_length=100, description="Clients take turns.")]
After = Annotated[int, Query(ge=0, lt=2**53, description="The last `seq` that the client has seen.")]
KnownETag = Annotated[str, Header(alias="If-None-Match", max_length=1000)]
PresetName = Annotated[str, Path(max_length=100, examples=["pixel_sprite"])]
ProjectId = Annotated[str, Query(max_length=40, description="An opened project, whose presets are included.")]
Wait = Annotated[float, Query(ge=0, le=_MAX_WAIT, description="Seconds to wait for a change.")]
router = APIRouter(prefix="/api/v1", responses=ERROR_RESPONSES)


def context_of(request: Request) -> ServerContext:
    """The context of the server that received this request."""
    context: ServerContext = request.app.state.context
    return context


@router.get("/status", openapi_extra={"security": []}, tags=["server"])
async def get_status() -> ServerStatus:
    """The name and version of the server, and the version of this API. Needs no token."""
    return ServerStatus(name="assetgen", version=__version__, api=API)


@router.post("/shutdown", status_code=202, tags=["server"])
async def post_shutdown(request: Request, tasks: BackgroundTasks) -> dict[str, str]:
    """End the server, as SIGTERM does. Running jobs are continued by the next server."""
    tasks.add_task(request.app.state.shutdown)
    return {}


@router.get("/presets", tags=["catalog"])
def get_presets(request: Request, project: ProjectId = "") -> list[PresetSummary]:
    """All presets."""
    return catalog.preset_summaries(_library(request, project))


@router.get("/presets/{name}", tags=["catalog"])
def get_preset(request: Request, name: PresetName, project: ProjectId = "") -> PresetDetail:
    """One preset, with a JSON schema of each part's arguments for generated forms."""
    return catalog.preset_detail(_library(request, project), name)


@router.get(
    "/presets/{name}/thumbnail",
    response_class=Response,
    responses={200: {"content": {"image/png": {"schema": _BINARY}}}, 304: {"description": "Not modified"}},
    tags=["catalog"],
)
def get_thumbnail(request: Request, name: PresetName, project: ProjectId = "", known: KnownETag = "") -> Response:
    """A small PNG that shows what the preset makes. Its ETag is its sha256."""
    data = catalog.preset_thumbnail(_library(request, project), name)
    return _file_response(data, sha256(data).hexdigest(), known, "image/png", "private, no-cache")


def _library(request: Request, project: str) -> Library:
    jobs = context_of(request).jobs
    folder = projects.project_folder(jobs, project) if project else None
    return library_for(folder, projects.may_read_projects(jobs))


@router.get("/models", tags=["catalog"])
def get_models() -> list[ModelSummary]:
    """Model cards, with licence, native size and whether the weights are on this machine."""
    return catalog.model_summaries(library_for())


@router.get("/parts", tags=["catalog"])
def get_parts() -> list[PartDetail]:
    """Sources, controls, steps, checks and exporters."""
    return catalog.part_details()


@router.post("/projects", tags=["projects"])
def post_project(request: Request, body: OpenProject) -> OpenedProject:
    """Open a game project or another folder with packs. The same folder always has the same id."""
    return projects.open_project(context_of(request).jobs, body.path)


@router.get("/projects", tags=["projects"])
def get_projects(request: Request) -> list[OpenedProject]:
    """The opened projects."""
    return projects.opened_projects(context_of(request).jobs)


@router.post(
    "/uploads",
    status_code=201,
    tags=["uploads"],
    openapi_extra={"requestBody": {"required": True, "content": _RAW_BODY}},
)
async def post_upload(
    request: Request, name: Annotated[str, Query(max_length=200, examples=["keep.glb"])]
) -> UploadInfo:
    """Upload an image or a mesh as the raw body (up to 64 MB)."""
    context = context_of(request)
    uploads.suffix_of(name)
    received = await uploads.receive_upload(context.uploads, request.stream())
    async with request.app.state.decoding:
        return await run_in_threadpool(uploads.store_upload, context.jobs, received, name)


@router.post("/jobs", status_code=202, tags=["jobs"])
def post_job(request: Request, body: Annotated[JobRequest, Body()], client: Client = "anonymous") -> JobState:
    """Check a job by planning it, and add it to the queue."""
    context = context_of(request)
    assert isinstance(body, RequestBody)
    checked = check_request(body, context)
    name = re.sub(r"[^\x20-\x7e]", "?", client)
    return _state(context, context.jobs.add(body.kind, name, body.model_dump(), checked))


@router.get("/jobs", tags=["jobs"])
def get_jobs(request: Request, limit: Annotated[int, Query(ge=1, le=1000)] = 100) -> list[JobSummary]:
    """The newest jobs first."""
    jobs = context_of(request).jobs
    positions = jobs.positions()
    return [JobSummary(**_summary(job, positions)) for job in jobs.latest(limit)]


@router.get("/queue", tags=["jobs"])
def get_queue(request: Request) -> list[QueuedJobState]:
    """The running and queued jobs of all clients, in their order."""
    jobs = context_of(request).jobs
    positions = jobs.positions()
    return [_queued(job, positions) for job in jobs.unfinished()]


def _queued(job: Job, positions: Mapping[str, int]) -> QueuedJobState:
    title = title_of(JOB_REQUESTS[job.kind].model_validate(job.request))
    project = job.request.get("project") or ""
    return QueuedJobState(**_summary(job, positions), title=title, project=project)


@router.get("/jobs/{id}", tags=["jobs"])
async def get_job(request: Request, id: JobId, after: After = 0, wait: Wait = 0.0) -> JobState:
    """A job and its events after `after`. With `wait` it responds as soon as there is one (long poll)."""
    context = context_of(request)
    notifier, until = context.jobs.notifier, time.monotonic() + wait
    waiter = notifier.subscribe(id)
    try:
        while (job := context.jobs.get(id)).seq == after and not job.is_over:
            left = until - time.monotonic()
            if left <= 0 or notifier.closed or await request.is_disconnected():
                break
            if await notifier.wait(waiter, min(left, _POLL)):
                notifier.unsubscribe(id, waiter)
                waiter = notifier.subscribe(id)
    finally:
        notifier.unsubscribe(id, waiter)
    return _state(context, job, after)


@router.delete("/jobs/{id}", tags=["jobs"])
async def delete_job(request: Request, id: JobId) -> JobState:
    """Cancel a job: a queued one at once, a running one before its next sampler step. An ended one stays unchanged."""
    context = context_of(request)
    context.jobs.get(id)
    context.jobs.end(id, "cancelled")
    return _state(context, context.jobs.get(id))


@router.get(
    "/jobs/{id}/files/{path:path}",
    response_class=Response,
    responses={200: {"content": {"*/*": {"schema": _BINARY}}}, 304: {"description": "Not modified"}},
    tags=["jobs"],
)
def get_file(
    request: Request, id: JobId, path: Annotated[str, Path(max_length=1000)], known: KnownETag = ""
) -> Response:
    """A file of a job, as the job made it. Its ETag is its sha256."""
    context = context_of(request)
    data, file = read_file(context.root(context.jobs.get(id)), context.jobs.files(id), path)
    media_type = _MEDIA_TYPES.get(path[path.rfind(".") :].lower(), "application/octet-stream")
    return _file_response(data, file.sha256, known, media_type, _FOREVER)


@router.get(
    "/jobs/{id}/previews/{number}",
    response_class=Response,
    responses={200: {"content": {"image/png": {"schema": _BINARY}}}},
    tags=["jobs"],
)
async def get_preview(request: Request, id: JobId, number: Annotated[int, Path(ge=1, le=MAX_VARIATIONS)]) -> Response:
    """A small PNG of a variation as it is after the last sampler steps."""
    context = context_of(request)
    context.jobs.get(id)
    data = context.previews.get(id, {}).get(number)
    if data is None:
        cure = "Wait for an event `previewed`, or for its files"
        raise NotFound(f"variation {number} has no preview now", cure=cure)
    return Response(data, media_type="image/png", headers={"cache-control": "no-store"})


@router.get("/history", tags=["history"])
def get_history(
    request: Request,
    project: ProjectId = "",
    search: Annotated[str, Query(max_length=200, description="Words of prompt, preset, model and seed.")] = "",
    before: Annotated[float, Query(ge=0, description="Only entries made before this time.")] = _END_OF_TIME,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> History:
    """Everything that `make` made in a project, newest first; without a project, what was made without one."""
    context = context_of(request)
    if project:
        projects.project_folder(context.jobs, project)
    return history.find_entries(context.jobs, context.folder, history.Search(project, search, before, limit))


@router.delete("/history/{job}/{number}", tags=["history"])
def delete_entry(request: Request, job: JobId, number: Annotated[int, Path(ge=1, le=MAX_VARIATIONS)]) -> dict[str, str]:
    """Remove an entry of the history, with its files."""
    context = context_of(request)
    history.remove_entry(context.jobs, context.folder, job, number)
    return {}


def _summary(job: Job, positions: Mapping[str, int]) -> dict[str, object]:
    """The fields of a `JobSummary`."""
    names = (name for name in JobSummary.model_fields if name != "position")
    return {**{name: getattr(job, name) for name in names}, "position": positions.get(job.id, 0)}


def _state(context: ServerContext, job: Job, after: int = 0) -> JobState:
    events = context.jobs.events(job.id, after)
    more = len(events) == MAX_EVENTS
    summary = _summary(job, context.jobs.positions() if job.status == "queued" else {})
    last = events[-1]["seq"] if events else 0
    summary["seq"] = last if more else max(job.seq, last)
    return JobState(**summary, result=job.result, files=context.jobs.files(job.id), events=events, more=more)


def _file_response(data: bytes, digest: str, known: str, media_type: str, cache_control: str) -> Response:
    """A file with its digest as ETag; 304 where the client has it."""
    headers = {"etag": f'"{digest}"', "cache-control": cache_control}
    if headers["etag"] in known:
        return Response(status_code=304, headers=headers)
    return Response(data, media_type=media_type, headers=headers)
