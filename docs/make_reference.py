"""Write docs/reference from the code: every command, preset, model card, part and YAML key.

    python docs/make_reference.py

`tests/test_docs.py` fails where the pages differ from the code.
"""

import inspect
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import typer
import yaml
from pydantic import BaseModel
from typer.models import ArgumentInfo

from assetgen.cli.commands import app
from assetgen.controls._surfaces import named_surfaces
from assetgen.controls._things import named_things
from assetgen.pack.arguments import described_arguments, described_fields
from assetgen.pack.library import library_for
from assetgen.pack.licences import licence_text
from assetgen.pack.schema import AssetSpec, ModelCard, Pack, PartSpec, Preset
from assetgen.parts import PART_KINDS, Part, PartKind, load_part, part_names

FOLDER = Path(__file__).parent / "reference"
ROOT = FOLDER.parents[1]
NOTE = "<!-- Written by docs/make_reference.py from the code: change the code, not this page. -->"
MOST = 30
"""Characters of a default that a table shows."""
MOST_ACCEPTED = 110
"""Characters of a type."""
ABOUT: dict[PartKind, str] = {
    "source": "A source makes the images of an asset. A preset names one: `source: {PART: {ARGUMENT: VALUE}}`.",
    "control": "A control is an image that conditions a source. An asset sets it: `depth: {mesh: keep.glb}`. "
    "[Controls](../controls.md) explains them.",
    "step": "A step changes images. A preset lists its steps; an asset changes their arguments: "
    "`pixelate: {colors: 8}`. `assetgen post` runs steps on any picture.",
    "check": "A check accepts or rejects an image. A preset lists its checks.",
    "exporter": "An exporter writes the files of an asset. `engine:` of a pack or `export:` of a preset names it.",
}
DRAWN = (
    "What the controls `thing` and `surface` draw by the words of a prompt, for `mini` and other models to paint over. "
    "[Controls](../controls.md#starts-a-drawing-to-paint-over) explains it."
)
SELECTION = {
    "tries": "How many attempts an asset gets at most before it fails; 3 where nothing sets it.",
    "best_of": "How many attempts are compared; the best is kept.",
    "on_fail": "What happens if the checks accept no attempt: the asset fails, or the best attempt is published.",
}
PACK_KEYS = {
    "pack": "The name of the pack.",
    "about": "A sentence for people.",
    "game": "The root of the game project, relative to the pack. `--game` overrides it; without either: `./out/PACK`.",
    "target": "The folder inside the game that all files are published into.",
    "engine": "The exporter. By default the engine is found from the files of the game, else it is `plain`.",
    "model": "The model card of all assets that set no other.",
    "seed": "The seed of an asset without one is derived from this and from its name.",
    "palette": "A palette file, or a shipped palette, for every asset whose preset uses a palette.",
    "style": "Words that are added to every prompt.",
    "studio": "Revenue and countries of your studio, which conditions of licences are compared with.",
    "exact_prompt": "Use prompts as they are: do not complete them from the captions of the model.",
    "defaults": "Arguments for every asset that uses a part: `PART: {ARGUMENT: VALUE}`.",
    "inbox": "What becomes of files in the folder `inbox`: settings of an asset, by a pattern of file names.",
    "assets": "The assets, by name.",
    **SELECTION,
}
ASSET_KEYS = {
    "preset": "The preset: what kind of asset this is.",
    "prompt": "What the image shows.",
    "negative": "What the image must not show. Only for models with guidance.",
    "model": "Another model card than that of the pack. It is used itself, without the `presets` of the card.",
    "seed": "A fixed seed.",
    "members": "Other assets of the pack, by name or pattern: what an atlas, an animation or a tileset is made of.",
    "matrix": "Values by name, written as `{name}` in the other keys: one asset for each combination.",
    "exact_prompt": "As in the pack, for this asset.",
    "start": "`false`: sample from noise alone, where the model card starts from a drawn or rendered picture.",
    **SELECTION,
}
PRESET_KEYS = {
    "preset": "The name of the preset, which is also the name of its file.",
    "about": "A sentence for people.",
    "extends": "Another preset, whose keys this one has where it does not set them.",
    "source": "The source.",
    "controls": "The controls.",
    "steps": "The steps, in the order in which they run.",
    "checks": "The checks.",
    "use": "How the game uses the image. Exporters choose filter, mipmaps and compression by it.",
    "export": "The exporter, where it is not that of the pack.",
    "defaults": "Arguments of inherited parts: `PART: {ARGUMENT: VALUE}`.",
    **SELECTION,
}
CARD_KEYS = {
    "model": "The name of the card, which is also the name of its file.",
    "extends": "Another card, whose keys this one has where it does not set them.",
    "about": "A sentence for people.",
    "family": "The architecture; each family is a file in `assetgen/diffusion/families/`.",
    "weights": "`{folder: …}` in diffusers layout, `{hub: …, revision: …}`, `{file: …}` or `{bundled: …}`.",
    "digest": "The sha256 of the weight files, from `assetgen models verify`.",
    "licence": "The name of the licence.",
    "licence_url": "Where it can be read.",
    "commercial": "Whether commercial use is allowed, or on which conditions.",
    "not_in": "Countries in which the licence forbids every use.",
    "facts": "What `assetgen models list` shows before a download.",
    "native": "Width and height that the model was trained at.",
    "scheduler": "A scheduler class of diffusers, and its options.",
    "defaults": "Defaults of `steps`, `guidance`, `strength` and `negative`.",
    "affixes": "Text before and after every prompt.",
    "prompts": "Prompt templates by preset.",
    "prompt_tokens": "How many tokens prompts are padded to, where it is not the tokenizer's number.",
    "presets": "By preset, another card that is used instead, a drawing to start from, and steps that run first.",
    "best_of": "How many attempts are compared where asset, pack and preset set nothing.",
    "cell": "The size in pixels of a cell of the pixel art that the model draws; no grid is detected then.",
    "matte": "The colour that partly transparent pixels of its images are blended with; it is removed.",
    "add_colors": "Add the colour that most captions of a thing have to a prompt without one.",
    "captions": "A file with the captions of the training, from which prompts are completed.",
    "controls": "Control networks by kind.",
    "references": "How many reference pictures the model takes.",
    "sheet": "How the model draws an animation in one picture.",
    "loras": "LoRAs with their weights.",
    "embeddings": "Textual inversion embeddings with their tokens.",
    "network": "A UNet or transformer that replaces that of `weights`.",
    "vae": "An autoencoder that replaces that of `weights`.",
    "batch": "How many images are sampled at once on a GPU or CPU.",
    "precision": "The number format in which the model runs.",
    "compile": "Whether the network is compiled; `auto` does so for packs of thousands of images on a GPU.",
    "quantize": "The number format of large matrices; `auto` is the most precise one that fits into memory.",
    "guidance_end": "The fraction of the steps after which guidance ends; later steps take half the time.",
    "seamless": "How a transformer draws tiles: `rolling` predicts twice a step, `periodic` once.",
}


def pages() -> dict[str, str]:
    """Every page of the reference, by file name."""
    texts = {
        "commands.md": _commands(),
        "presets.md": _presets(),
        "models.md": _models(),
        "keys.md": _keys(),
        **{f"{kind}s.md": _parts(kind) for kind in PART_KINDS},
        "drawings.md": _drawings(),
    }
    texts["README.md"] = _index(texts)
    return {name: f"{NOTE}\n\n{text.strip()}\n" for name, text in texts.items()}


def _index(texts: dict[str, str]) -> str:
    lines = ["# Reference", "", "These pages are generated from the code.", ""]
    for name, text in texts.items():
        title, _, about = text.strip().removeprefix("# ").partition("\n")
        lines.append(f"- [{title}]({name}): {about.strip().partition(chr(10))[0]}")
    return "\n".join(lines)


def _commands() -> str:
    lines = ["# Commands", "", "`assetgen COMMAND --help` shows the same on the command line."]
    for words, command in _all_commands(app, ()):
        text, _, examples = (inspect.getdoc(command) or "").replace("\b\n", "").partition("Examples:")
        lines += ["", f"## {' '.join(words)}", "", text.strip()]
        if examples:
            lines += ["", "```text", *(line.strip() for line in examples.strip().splitlines()), "```"]
        lines += ["", *_parameters(command)]
    return "\n".join(lines)


def _drawings() -> str:
    lines = ["# Drawings", "", DRAWN]
    for title, names in (("Things", named_things()), ("Surfaces", named_surfaces())):
        listed = sorted({name.replace("_", " ") for name, _ in names})
        lines += ["", f"## {title}", "", f"{len(listed)}, most of them with several names."]
        for letter, group in itertools.groupby(listed, key=lambda name: name[0]):
            lines += ["", f"**{letter.upper()}**: {', '.join(group)}"]
    return "\n".join(lines)


def _all_commands(group: typer.Typer, words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    for command in group.registered_commands:
        yield (*words, command.name or command.callback.__name__), command.callback
    for each in group.registered_groups:
        yield from _all_commands(each.typer_instance, (*words, each.name or each.typer_instance.info.name))


def _parameters(command: Any) -> Iterator[str]:
    """The arguments and options of a command."""
    parameters = inspect.signature(command, eval_str=True).parameters.values()
    if parameters:
        yield from ("| argument or option | meaning | default |", "| --- | --- | --- |")
    for each in parameters:
        facts = getattr(each.annotation, "__metadata__", ())
        info = facts[0] if facts else typer.Argument()
        values = getattr(each.annotation, "__origin__", None)
        choices = f"One of: {', '.join(map(str, get_args(values)))}." if get_origin(values) is Literal else ""
        default = "" if each.default in (None, False, "") else str(each.default)
        required = "required" if each.default is each.empty else default
        meaning = _cell(" ".join(filter(None, (info.help, choices))))
        yield f"| {_names(each.name, info)} | {meaning} | {required} |"


def _names(name: str, info: Any) -> str:
    """How a parameter is written on the command line."""
    if isinstance(info, ArgumentInfo):
        return f"`{info.metavar or name.upper()}`"
    first = [info.default] if isinstance(info.default, str) else []  # typer moves the names after the first
    names = [*first, *(info.param_decls or ())] or [f"--{name.replace('_', '-')}"]
    return ", ".join(f"`{each}`" for each in names)


def _presets() -> str:
    library = library_for()
    about = "A preset is a kind of asset. [Presets](../presets.md) explains how to change one and how to write one."
    lines = ["# Presets", "", about]
    for name in library.preset_names():
        resolved = library.preset(name)
        preset = resolved.preset
        lines += ["", f"## {name}", "", f"{_thumbnail(resolved.lineage)}\n\n{preset.about}.", ""]
        lines += ["```yaml", f"preset: {name}", f"use: {preset.use}", f"source: {_written(resolved.source)}"]
        for key in ("controls", "steps", "checks"):
            if specs := getattr(preset, key):
                lines.append(f"{key}: {_flow([_plain(each) for each in specs])}")
        if preset.defaults:
            lines.append(f"defaults: {_flow({key: dict(each) for key, each in preset.defaults.items()})}")
        lines += ["```"]
        if len(resolved.lineage) > 1:
            lines += ["", f"Extends {', '.join(f'[{each}](#{each})' for each in resolved.lineage[1:])}."]
    return "\n".join(lines)


def _thumbnail(lineage: tuple[str, ...]) -> str:
    for name in lineage:
        if (ROOT / f"presets/thumbnails/{name}.png").is_file():
            return f"![{lineage[0]}](../../presets/thumbnails/{name}.png)"
    raise ValueError(f"preset '{lineage[0]}' has no thumbnail: run tests/bench/thumbnails.py")


def _models() -> str:
    library = library_for()
    about = "Models with their licences. `assetgen models list` adds the memory they need, and which are downloaded."
    rows = ["# Model cards", "", about, ""]
    rows += [
        "| model | what it is | family | licence | commercial use | download, GB | native size | control networks |"
    ]
    rows += ["| --- | --- | --- | --- | --- | --- | --- | --- |"]
    for name in library.card_names():
        card = library.card(name)
        licence = f"[{card.licence}]({card.licence_url})" if card.licence_url else card.licence
        allowed = {True: "yes", False: "no"}.get(card.commercial) if isinstance(card.commercial, bool) else None
        cells = (
            f"`{name}`", card.about, card.family, licence, allowed or card.commercial.text,
            str(card.facts.download or ""), "×".join(map(str, card.native)), ", ".join(sorted(card.controls)),
        )  # fmt: skip
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def _keys() -> str:
    lines = ["# Keys", "", "Every key of packs, assets, presets and model cards. Other keys are refused."]
    for title, model, meanings in (
        ("A pack", Pack, PACK_KEYS),
        ("An asset", AssetSpec, ASSET_KEYS),
        ("A preset", Preset, PRESET_KEYS),
        ("A model card", ModelCard, CARD_KEYS),
    ):
        if set(meanings) != set(model.model_fields):
            raise ValueError(f"describe these keys in {Path(__file__).name}: {set(meanings) ^ set(model.model_fields)}")
        lines += ["", f"## {title}", ""]
        if model is AssetSpec:
            lines += ["Any other key of an asset is the name of a part: `pixelate: {colors: 12}`.", ""]
        lines += ["| key | value | default | meaning |", "| --- | --- | --- | --- |"]
        for name, accepts, default in _fields(model):
            lines.append(f"| `{name}` | {accepts} | {default} | {meanings[name]} |")
    return "\n".join(lines)


def _fields(model: type[BaseModel]) -> Iterator[tuple[str, str, str]]:
    """Key, accepted values and default of each field."""
    for each in described_fields(model):
        plain = each.accepts.replace("{part: text; alias: text; arguments: {}}", "part").replace("{}", "mapping")
        if len(plain) > MOST_ACCEPTED:
            plain = (
                "list of mappings"
                if plain.startswith("list of")
                else "true \\| false or mapping"
                if "true |" in plain
                else "mapping"
            )
        left_out = each.default in ("none", '""', "[]", "{}") or len(each.default) > MOST
        default = "required" if each.default == "required" else "" if left_out else f"`{_cell(each.default)}`"
        yield each.name, plain if "\\|" in plain else _cell(plain), default


def _parts(kind: PartKind) -> str:
    lines = [f"# {kind.capitalize()}s", "", ABOUT[kind]]
    for name in part_names(kind):
        lines += ["", f"## {name}", "", *_part(load_part(kind, name))]
    return "\n".join(lines)


def _part(part: Part) -> Iterator[str]:
    picture = Path(__file__).parent / f"pictures/{part.kind}s/{part.name}.png"
    if picture.is_file():
        yield from (f"![before and after {part.name}](../pictures/{part.kind}s/{part.name}.png)", "")
    yield _documented(part)
    if detector := part.traits.detector:
        yield from ("", f"Licence of its network: {licence_text(detector)}, {detector.licence_url}")
    if arguments := described_arguments(part):
        yield from ("", "| argument | value | default |", "| --- | --- | --- |")
        for each in arguments:
            yield f"| `{each.name}` | {_cell(each.accepts)} | {_cell(each.default)} |"


def _documented(part: Part) -> str:
    """The docstring, its example as YAML."""
    text, _, example = (inspect.getdoc(part.run) or "").partition("\nExample")
    if not example:
        return text
    code = inspect.cleandoc(example.partition(":")[2])
    return f"{text.strip()}\n\n```yaml\n{code}\n```"


def _plain(spec: PartSpec) -> object:
    arguments = {**spec.arguments, **({"as": spec.alias} if spec.alias != spec.part else {})}
    return {spec.part: arguments} if arguments else spec.part


def _written(spec: PartSpec) -> str:
    return _flow(_plain(spec))


def _flow(value: object) -> str:
    text = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=10_000, allow_unicode=True)
    return text.removesuffix("...\n").strip()


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


def main() -> None:
    """Write the pages."""
    FOLDER.mkdir(exist_ok=True)
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
        print(f"docs/reference/{name}  {len(text)} bytes")


if __name__ == "__main__":
    main()
