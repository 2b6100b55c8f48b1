"""Jobs of a pack in an opened project: `build`, `candidates`, `pick`, `check`."""

import os
from collections.abc import Mapping
from typing import Any

from assetgen.build.candidates import built_candidate, choosable, make_candidates, matching
from assetgen.build.candidates import pick as write_pick
from assetgen.build.options import BuildOptions
from assetgen.build.precision import with_number_formats
from assetgen.build.publish import target_folder
from assetgen.build.run import build_pack
from assetgen.build.status import check_report, count_states
from assetgen.errors import InputError, did_you_mean
from assetgen.events import Audited, Planned, Published, ignore
from assetgen.pack.licences import check_licences
from assetgen.pack.project import Project
from assetgen.pack.recipe import Recipe
from assetgen.pixels.image_files import encode_png
from assetgen.server.context import JobEvents, ServerContext, check_weights_of
from assetgen.server.http_errors import RequestError
from assetgen.server.jobs import CheckedJob
from assetgen.server.projects import load_project
from assetgen.server.requests import Build, Candidates, Check, Pick
from assetgen.server.shows import shows_image
from assetgen.store.atomic import write_atomically


def check_build(request: Build, context: ServerContext) -> CheckedJob:
    """Plan the build."""
    project = load_project(context.jobs, request.project, request.pack)
    if request.draft and (request.locked or request.update is not None):
        raise RequestError("a draft has no lock", cure="Leave out draft, or locked and update")
    if request.locked and request.update is not None:
        raise RequestError("locked and update exclude each other", cure="update locks every asset that does not match")
    recipes = project.plan(request.only, draft=request.draft).recipes
    check_licences(recipes, project.studio, ignore, allowed=request.allow_noncommercial)
    check_weights_of(recipes)
    return CheckedJob(_lock_of(project), target_folder(project.game, project.pack.target))


def run_build(request: Build, context: ServerContext, events: JobEvents) -> Mapping[str, Any]:
    """Build the pack, as `assetgen build` does."""
    update = request.update if request.update is not None else "" if request.locked else None
    options = BuildOptions(
        only=request.only,
        draft=request.draft,
        overwrite=request.overwrite,
        update=update,
        allow_noncommercial=request.allow_noncommercial,
    )
    project = load_project(context.jobs, request.project, request.pack)
    finished = build_pack(project, context.machine, options, events)
    facts = ("published", "reused", "failed", "sampled", "cost", "target")
    return {name: getattr(finished, name) for name in facts}


def check_candidates(request: Candidates, context: ServerContext) -> CheckedJob:
    """Plan the candidates."""
    project = load_project(context.jobs, request.project, request.pack)
    recipes = tuple(_choosable(project, request.only))
    check_licences(recipes, project.studio, ignore, allowed=request.allow_noncommercial)
    check_weights_of(recipes)
    return CheckedJob()


def run_candidates(request: Candidates, context: ServerContext, events: JobEvents) -> Mapping[str, Any]:
    """Write each candidate as `ASSET/NN.png` (and `ASSET/NN_CHANNEL.png`) into the job's folder."""
    project = load_project(context.jobs, request.project, request.pack)
    recipes = with_number_formats(_choosable(project, request.only), context.machine)
    images = len(recipes) * request.count
    events(Planned(assets=images, to_sample=images, images=images))
    scores: dict[str, dict[str, Any]] = {recipe.name: {} for recipe in recipes}
    made = make_candidates(
        recipes,
        request.count,
        context.machine,
        events,
        studio=project.studio,
        allow_noncommercial=request.allow_noncommercial,
    )
    for candidate in made:
        name, number = candidate.recipe.name, candidate.number
        paths = []
        for channel, array in candidate.images.channels.items():
            suffix = "" if channel == "color" else f"_{channel}"
            paths.append(f"{name}/{number:02}{suffix}.png")
            events.numbers[paths[-1]] = number
            write_atomically(events.root / paths[-1], encode_png(array))
        size = candidate.images.size
        events.shows[f"{name}/{number:02}.png"] = shows_image(candidate.images.meta, size, size)
        scores[name][str(number)] = {
            check: {"score": float(verdict.score), "passed": bool(verdict.passed), "reason": verdict.reason}
            for check, verdict in candidate.verdicts
        }
        events(Published(asset=name, files=tuple(paths)))
    built = {recipe.name: built_candidate(recipe, context.machine) for recipe in recipes}
    return {"scores": scores, "built": built}


def check_pick(request: Pick, context: ServerContext) -> CheckedJob:
    """Check that the pack has the asset."""
    project = load_project(context.jobs, request.project, request.pack)
    recipes = {recipe.name for recipe in project.plan().recipes}
    if request.asset not in recipes:
        cure = did_you_mean(request.asset, recipes)
        raise InputError(f"pack '{project.pack.pack}' has no asset '{request.asset}'", cure=cure)
    return CheckedJob(_lock_of(project), samples=False)


def run_pick(request: Pick, context: ServerContext, events: JobEvents) -> Mapping[str, Any]:
    """Write the pick into the lock."""
    project = load_project(context.jobs, request.project, request.pack)
    write_pick(project, request.asset, request.number, context.machine, events)
    return {"asset": request.asset, "number": request.number}


def check_check(request: Check, context: ServerContext) -> CheckedJob:
    """Check that the pack exists."""
    load_project(context.jobs, request.project, request.pack)
    return CheckedJob(samples=False)


def run_check(request: Check, context: ServerContext, events: JobEvents) -> Mapping[str, Any]:
    """Emit one event an asset; the result has the count of each state."""
    verdicts: list[Audited] = []
    for verdict in check_report(load_project(context.jobs, request.project, request.pack)):
        events(verdict)
        verdicts.append(verdict)
    return {"counts": dict(count_states(verdicts))}


def _choosable(project: Project, only: str) -> list[Recipe]:
    recipes = matching(choosable(project.plan().recipes), only)
    if not recipes:
        raise RequestError(f"no asset of pack '{project.pack.pack}' that has candidates matches '{only}'")
    return recipes


def _lock_of(project: Project) -> str:
    return os.path.realpath(project.lock_path)
