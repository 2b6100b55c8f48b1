"""The arguments of a part from three layers, each overriding the one before: preset, pack, asset.

The part's signature validates the merged arguments. Errors name the line of the layer that set the argument.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from assetgen.errors import InputError
from assetgen.pack.entries import Entry
from assetgen.pack.library import PackFile, ResolvedPreset
from assetgen.pack.recipe import Stage
from assetgen.pack.schema import PartArguments, PartSpec
from assetgen.pack.yaml_files import explain
from assetgen.parts import InputFile, Part, PartKind, load_part


@dataclass(frozen=True)
class Layer:
    """Arguments of one part from one file. Relative paths start at `folder`; `where` returns an argument's line."""

    arguments: PartArguments
    folder: Path
    where: Callable[..., str]


@dataclass(frozen=True)
class AssetLayers:
    """Everything that sets arguments for the parts of one asset."""

    file: PackFile
    entry: Entry
    preset: ResolvedPreset

    def where(self, *keys: str | int) -> str:
        """`FILE:LINE` of a key of the asset."""
        name, _, number = str(keys[0]).partition(" ") if keys else ("", "", "")
        path = (name, int(number) - 1, *keys[1:]) if number.isdigit() else keys  # a use in a list of one control
        return line_of(self.file, self.entry, *path)

    def of(self, part: PartSpec) -> tuple[Layer, Layer, Layer]:
        """The layers of one part, the weakest first."""
        alias, pack = part.alias, self.file
        folder = Path(self.preset.document.file).parent
        preset_arguments = {**part.arguments, **self.preset.preset.defaults.get(alias, {})}
        return (
            Layer(preset_arguments, folder, lambda *keys: self.preset.where(alias, *keys)),
            Layer(
                pack.pack.defaults.get(alias, {}),
                pack.folder,
                lambda *keys: pack.document.where("defaults", alias, *keys),
            ),
            Layer(self.entry.spec.overrides.get(alias, {}), pack.folder, lambda *keys: self.where(alias, *keys)),
        )

    def argument(self, part: PartSpec, key: str) -> Any:
        """An argument as written in the strongest layer that sets it; None if none does."""
        values = [layer.arguments[key] for layer in self.of(part) if key in layer.arguments]
        return values[-1] if values else None

    def load_part(self, kind: PartKind, part: PartSpec) -> Part:
        """The registered part. Raises `InputError` with the preset's line for an unknown one."""
        try:
            return load_part(kind, part.part)
        except InputError as error:
            raise error.at(self.preset.where(part.alias)) from error

    def stage(self, kind: PartKind, part: PartSpec, **shared: Any) -> Stage:
        """The part with its validated arguments.

        `shared` arguments apply where the part has them and no layer sets them; `prompt` and `model` always apply.
        """
        loaded, layers = self.load_part(kind, part), self.of(part)
        fields = loaded.params.model_fields
        arguments = {key: value for key, value in shared.items() if key in fields and value is not None}
        if self.file.pack.palette and "palette" in fields:
            arguments["palette"] = self._pack_palette(self.file.pack.palette)
        for layer in layers:
            for key, value in layer.arguments.items():
                if not (key in ("prompt", "model") and key in shared):
                    arguments[key] = self._with_absolute_paths(loaded, key, value, layer)
        try:
            library = self.file.library
            context = {"read_guard": library.read_guard, "cards": library.card}
            valid = loaded.params.model_validate(arguments, context=context)
        except ValidationError as error:
            key = str(next(iter(error.errors()[0]["loc"]), ""))
            layer = next((layer for layer in reversed(layers) if key in layer.arguments), layers[-1])
            plain = explain(error, loaded.params, self.file.document)
            raise InputError(f"{part.alias}: {plain.what}", where=layer.where(key), cure=plain.cure) from error
        return Stage(kind, part.part, part.alias, loaded.traits.version, {key: getattr(valid, key) for key in fields})

    def _pack_palette(self, name: str) -> Path:
        try:
            return self.file.library.palette(name, self.file.folder)
        except InputError as error:
            raise error.at(self.file.document.where("palette")) from error

    def _with_absolute_paths(self, part: Part, key: str, value: Any, layer: Layer) -> Any:
        if key == "palette" and isinstance(value, str):
            try:
                return self.file.library.palette(value, layer.folder)
            except InputError as error:
                raise error.at(layer.where(key)) from error
        info = part.params.model_fields.get(key)
        return _in_folder(value, info.annotation, layer.folder) if info else value


def line_of(file: PackFile, entry: Entry, *keys: str | int) -> str:
    """`FILE:LINE` of a key of an asset, in the pack or in the asset's own YAML file."""
    return (entry.document or file.document).where(*entry.keys, *keys)


def _in_folder(value: Any, kind: Any, folder: Path) -> Any:
    """A value of type `kind` with its paths relative to `folder`: an input file, or a list of objects with files."""
    kinds = named_types(kind)
    if InputFile in kinds:
        return (folder / value).absolute() if isinstance(value, str) and "\0" not in value else value
    model = next((each for each in kinds if isinstance(each, type) and issubclass(each, BaseModel)), None)
    if model is None or not isinstance(value, list):
        return value
    types = {name: info.annotation for name, info in model.model_fields.items()}
    return [
        {name: _in_folder(item, types.get(name), folder) for name, item in entry.items()}
        if isinstance(entry, Mapping)
        else entry
        for entry in value
    ]


def named_types(annotation: Any) -> tuple[Any, ...]:
    """An annotation and all types inside it, such as the members of a union or the type of an `Annotated`."""
    inner = [each for part in get_args(annotation) for each in named_types(part)]
    return (annotation, *inner)
