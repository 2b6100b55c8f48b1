"""Jobs of a pack in an opened project: `build`, `candidates`, `pick`, `check`."""

import os
from collections.abc import Mapping
from typing import Any

from assetgen.build.candidates import built_candidate, choosable, make_candidates, matching
from assetgen.build.candidates import pick as write_pick
from assetgen.build.options import BuildOptions
from assetgen.build.publish import target_folder
from assetgen.build.run import build_pack
from assetgen.build.status import check_report, count_states
from assetgen.errors import InputError
from assetgen.events import Audited, Planned, Published
from assetgen.pack.licences import refuse_noncommercial
from assetgen.pack.project import Project
from assetgen.pack.recipe import Recipe
from assetgen.parts import did_you_mean
from assetgen.pixels.image_files import encode_png
from assetgen.server.context import News, Ready, ServerContext, check_weights_of
from assetgen.server.http_errors import Refusal
from assetgen.server.projects import project_in
from assetgen.server.requests import Build, Candidates, Check, Pick
from assetgen.store.atomic import write_atomically


def look_at_build(ask: Build, desk: ServerContext) -> Ready:
    """Plan it."""
    project = project_in(desk.jobs, ask.project, ask.pack)
    if ask.draft and (ask.locked or ask.update is not None):
        raise Refusal("a draft has no lock", cure="Leave out draft, or locked and update")
    if ask.locked and ask.update is not None:
        raise Refusal("locked and update exclude each other", cure="update locks all but what matches")
    recipes = project.plan(ask.only, draft=ask.draft).recipes
    refuse_noncommercial(recipes, ask.allow_noncommercial)
    check_weights_of(recipes)
    return Ready(_holds(project), target_folder(project.game, project.pack.target))


def build(ask: Build, desk: ServerContext, news: News) -> Mapping[str, Any]:
    """Build it, as `assetgen build` does."""
    update = ask.update if ask.update is not None else "" if ask.locked else None
    options = BuildOptions(
        only=ask.only,
        draft=ask.draft,
        overwrite=ask.overwrite,
        update=update,
        allow_noncommercial=ask.allow_noncommercial,
    )
    finished = build_pack(project_in(desk.jobs, ask.project, ask.pack), desk.machine, options, news)
    told = ("published", "reused", "failed", "sampled", "cost", "target")
    return {name: getattr(finished, name) for name in told}


def look_at_candidates(ask: Candidates, desk: ServerContext) -> Ready:
    """Plan it."""
    recipes = tuple(_choosable(ask, desk))
    refuse_noncommercial(recipes, ask.allow_noncommercial)
    check_weights_of(recipes)
    return Ready()


def candidates(ask: Candidates, desk: ServerContext, news: News) -> Mapping[str, Any]:
    """Make them; each is `ASSET/NN.png` (and `ASSET/NN_CHANNEL.png`) in the job's folder."""
    recipes = _choosable(ask, desk)
    news(Planned(assets=len(recipes) * ask.count, to_sample=len(recipes) * ask.count))
    scores: dict[str, dict[str, Any]] = {recipe.name: {} for recipe in recipes}
    found = make_candidates(recipes, ask.count, desk.machine, news, allow_noncommercial=ask.allow_noncommercial)
    for candidate in found:
        name, number = candidate.recipe.name, candidate.number
        paths = []
        for channel, array in candidate.images.channels.items():
            tail = "" if channel == "color" else f"_{channel}"
            paths.append(f"{name}/{number:02}{tail}.png")
            news.numbers[paths[-1]] = number
            write_atomically(news.root / paths[-1], encode_png(array))
        scores[name][str(number)] = {
            check: {"score": float(verdict.score), "passed": bool(verdict.passed), "reason": verdict.reason}
            for check, verdict in candidate.verdicts
        }
        news(Published(asset=name, files=tuple(paths)))
    built = {recipe.name: built_candidate(recipe, desk.machine) for recipe in recipes}
    return {"scores": scores, "built": built}


def look_at_pick(ask: Pick, desk: ServerContext) -> Ready:
    """Whether the pack has the asset."""
    project = project_in(desk.jobs, ask.project, ask.pack)
    recipes = {recipe.name for recipe in project.plan().recipes}
    if ask.asset not in recipes:
        cure = did_you_mean(ask.asset, recipes)
        raise InputError(f"pack '{project.pack.pack}' has no asset '{ask.asset}'", cure=cure)
    return Ready(_holds(project))


def pick(ask: Pick, desk: ServerContext, news: News) -> Mapping[str, Any]:
    """Write it into the lock."""
    write_pick(project_in(desk.jobs, ask.project, ask.pack), ask.asset, ask.number, desk.machine, news)
    return {"asset": ask.asset, "number": ask.number}


def look_at_check(ask: Check, desk: ServerContext) -> Ready:
    """Whether there is such a pack."""
    project_in(desk.jobs, ask.project, ask.pack)
    return Ready()


def check(ask: Check, desk: ServerContext, news: News) -> Mapping[str, Any]:
    """A verdict on every asset, each as an event; how many are in which state."""
    verdicts: list[Audited] = []
    for verdict in check_report(project_in(desk.jobs, ask.project, ask.pack)):
        news(verdict)
        verdicts.append(verdict)
    return {"counts": dict(count_states(verdicts))}


def _choosable(ask: Candidates, desk: ServerContext) -> list[Recipe]:
    project = project_in(desk.jobs, ask.project, ask.pack)
    recipes = matching(choosable(project.plan().recipes), ask.only)
    if not recipes:
        raise Refusal(f"no asset of pack '{project.pack.pack}' that has candidates matches '{ask.only}'")
    return recipes


def _holds(project: Project) -> str:
    return os.path.realpath(project.lock_path)
