"""Jobs of a pack in an opened project: `build`, `candidates`, `pick`, `check`."""

import os
from collections.abc import Mapping
from typing import Any

from assetgen.build.audit import audit, counts
from assetgen.build.candidates import choosable, current, make_candidates, matching
from assetgen.build.candidates import pick as write_pick
from assetgen.build.game import detect_engine
from assetgen.build.publish import target_folder
from assetgen.build.run import BuildOptions, build_pack
from assetgen.errors import InputError
from assetgen.events import Audited, Planned, Published
from assetgen.pack.library import PackFile
from assetgen.pack.licences import refuse_noncommercial
from assetgen.pack.lock import lock_path, read_lock
from assetgen.pack.recipe import Recipe
from assetgen.pack.renames import plan_with
from assetgen.parts import did_you_mean
from assetgen.pixels.image_files import encode_png
from assetgen.server.context import News, Ready, ServerContext, check_weights_of
from assetgen.server.http_errors import Refusal
from assetgen.server.projects import game_in, pack_in
from assetgen.server.requests import Build, Candidates, Check, Pick
from assetgen.store.atomic import write_atomically


def look_at_build(ask: Build, desk: ServerContext) -> Ready:
    """Plan it."""
    file = pack_in(desk.jobs, ask.project, ask.pack)
    if ask.draft and (ask.locked or ask.update is not None):
        raise Refusal("a draft has no lock", cure="Leave out draft, or locked and update")
    if ask.locked and ask.update is not None:
        raise Refusal("locked and update exclude each other", cure="update locks all but what matches")
    game = game_in(desk.jobs, ask.project, file)
    lock = read_lock(lock_path(file)) or {}
    recipes = plan_with(file, lock, engine=detect_engine(game), only=ask.only, draft=ask.draft)
    refuse_noncommercial(recipes, ask.allow_noncommercial)
    check_weights_of(recipes)
    return Ready(_holds(file), target_folder(game, file.pack.target))


def build(ask: Build, desk: ServerContext, news: News) -> Mapping[str, Any]:
    """Build it, as `assetgen build` does."""
    file = pack_in(desk.jobs, ask.project, ask.pack)
    moving = ask.update if ask.update is not None else "" if ask.locked else None
    wish = BuildOptions(
        only=ask.only,
        draft=ask.draft,
        overwrite=ask.overwrite,
        moving=moving,
        price=desk.price,
        allow_noncommercial=ask.allow_noncommercial,
    )
    finished = build_pack(file, game_in(desk.jobs, ask.project, file), desk.machine, news, wish)
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
    wish = BuildOptions(price=desk.price, allow_noncommercial=ask.allow_noncommercial)
    news(Planned(assets=len(recipes) * ask.count, to_sample=len(recipes) * ask.count))
    scores: dict[str, dict[str, Any]] = {recipe.name: {} for recipe in recipes}
    for candidate in make_candidates(recipes, ask.count, desk.machine, news, wish):
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
    built = {recipe.name: current(recipe, desk.machine) for recipe in recipes}
    return {"scores": scores, "built": built}


def look_at_pick(ask: Pick, desk: ServerContext) -> Ready:
    """Whether the pack has the asset."""
    file = pack_in(desk.jobs, ask.project, ask.pack)
    recipes = {recipe.name for recipe in plan_with(file, read_lock(lock_path(file)) or {})}
    if ask.asset not in recipes:
        cure = did_you_mean(ask.asset, recipes)
        raise InputError(f"pack '{file.pack.pack}' has no asset '{ask.asset}'", cure=cure)
    return Ready(_holds(file))


def pick(ask: Pick, desk: ServerContext, news: News) -> Mapping[str, Any]:
    """Write it into the lock."""
    write_pick(pack_in(desk.jobs, ask.project, ask.pack), ask.asset, ask.number, desk.machine, news)
    return {"asset": ask.asset, "number": ask.number}


def look_at_check(ask: Check, desk: ServerContext) -> Ready:
    """Whether there is such a pack."""
    game_in(desk.jobs, ask.project, pack_in(desk.jobs, ask.project, ask.pack))
    return Ready()


def check(ask: Check, desk: ServerContext, news: News) -> Mapping[str, Any]:
    """A verdict on every asset, each as an event; how many are in which state."""
    file = pack_in(desk.jobs, ask.project, ask.pack)
    game = game_in(desk.jobs, ask.project, file)
    verdicts: list[Audited] = []
    for verdict in audit(file, game, detect_engine(game)):
        news(verdict)
        verdicts.append(verdict)
    return {"counts": dict(counts(verdicts))}


def _choosable(ask: Candidates, desk: ServerContext) -> list[Recipe]:
    file = pack_in(desk.jobs, ask.project, ask.pack)
    engine = detect_engine(game_in(desk.jobs, ask.project, file))
    recipes = matching(choosable(plan_with(file, read_lock(lock_path(file)) or {}, engine=engine)), ask.only)
    if not recipes:
        raise Refusal(f"no asset of pack '{file.pack.pack}' that has candidates matches '{ask.only}'")
    return recipes


def _holds(file: PackFile) -> str:
    return os.path.realpath(lock_path(file))
