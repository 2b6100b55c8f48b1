"""Read pipelines and networks: diffusers folders, and single files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assetgen.diffusion.loading.checkpoint import read_network, read_whole, whole_model_configuration
from assetgen.diffusion.loading.compatibility import (
    check_complete,
    check_family,
    error_summary,
    missing_tensors_error,
)
from assetgen.diffusion.loading.processors import picture_processors
from assetgen.diffusion.loading.quantized_files import check_plain, file_with_scales
from assetgen.diffusion.loading.quantizing import check_stored_format
from assetgen.diffusion.loading.weight_files import (
    PIPELINE_FILE,
    check_part,
    check_pipeline,
    check_tokenizer_packages,
    component_classes,
    get_command,
    weights_path,
)
from assetgen.diffusion.loading.weight_headers import DOWNLOAD_AGAIN, check_file, read_object
from assetgen.diffusion.speed.devices import Device, libraries
from assetgen.errors import AssetgenError, InputError
from assetgen.pack.locations import Hub, Location, SingleFile

if TYPE_CHECKING:
    from diffusers import ModelMixin
    from torch.nn import Module

_LOAD_ERRORS = (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError)
"""What diffusers raises for files that do not match their configuration."""


def load_weights(kind: Any, location: Location, model: str, device: Device, *, family: str = "", **options: Any) -> Any:
    """A pipeline or network of the class `kind`. Errors of diffusers for bad files become one `InputError`."""
    options["dtype"] = device.dtype
    try:
        match location:
            case SingleFile():
                return _from_file(kind, location, options, family)
            case Hub(variant=str(variant)):
                return _from_folder(kind, weights_path(location), options, family, variant)
            case _:
                return _from_folder(kind, weights_path(location), options, family)
    except InputError as error:
        if isinstance(location, Hub) and error.cure == DOWNLOAD_AGAIN:
            raise InputError(error.what, cure=get_command(model)) from error
        raise
    except AssetgenError:
        raise
    except _LOAD_ERRORS as error:
        what = f"model '{model}' could not be loaded as {kind.__name__} ({error_summary(error)})"
        raise InputError(what, cure="Check its card: `family`, `weights`") from error


def _from_folder(kind: Any, folder: Path, options: dict[str, Any], family: str = "", variant: str | None = None) -> Any:
    loading = {"variant": variant, "local_files_only": True, "use_safetensors": True}
    whole = kind.__name__.endswith("Pipeline")
    if whole:
        check_pipeline(folder, variant, replaced=options)
        check_family(folder, family)
        loading |= _text_encoders(folder, options, loading) | picture_processors(folder)
    elif (folder / PIPELINE_FILE).exists():
        raise InputError(f"'{folder}' is a whole model, not a network", cure="Give the folder of one network in it")
    else:
        check_part(folder, variant)
        if file := file_with_scales(folder):
            return read_network(kind, file, folder, dtype=options["dtype"])
    if whole:
        options |= _networks_with_scales(folder, options)
    parts = [each for each in sorted(folder.iterdir()) if each.is_dir() and each.name not in options]
    for part in parts if whole else [folder]:
        check_stored_format(part)
    check_tokenizer_packages(folder)
    found = kind.from_pretrained(str(folder), **loading, **options)
    for name, network in found.components.items() if whole else [("", found)]:
        if hasattr(network, "named_parameters"):
            check_complete(network, folder / name)
    return found


def _networks_with_scales(folder: Path, options: Mapping[str, Any]) -> dict[str, ModelMixin]:
    """The networks of a pipeline folder that are stored in fewer bits, with scales that diffusers does not read."""
    _, diffusers = libraries()
    found = {}
    for name, kind in component_classes(read_object(folder / PIPELINE_FILE)).items():
        if name not in options and hasattr(diffusers, kind) and (file := file_with_scales(folder / name)):
            found[name] = read_network(getattr(diffusers, kind), file, folder / name, dtype=options["dtype"])
    return found


def _text_encoders(folder: Path, options: Mapping[str, Any], loading: Mapping[str, Any]) -> dict[str, Module]:
    """The text encoders of a pipeline folder, loaded here because a pipeline does not report missing tensors."""
    import transformers

    found = {}
    for name, origin in json.loads((folder / PIPELINE_FILE).read_bytes()).items():
        if name.startswith("text_encoder") and name not in options and hasattr(transformers, str(origin[1])):
            encoder, info = getattr(transformers, origin[1]).from_pretrained(
                str(folder / name), output_loading_info=True, dtype=options["dtype"], **loading
            )
            if info["missing_keys"]:
                raise missing_tensors_error(encoder, folder / name, sorted(info["missing_keys"]))
            found[name] = encoder
    return found


def _from_file(kind: Any, location: SingleFile, options: dict[str, Any], family: str) -> Any:
    """A whole model (of `family`) or a network from one file. Published models need no `config`."""
    check_file(location.file)
    keep_fp8 = bool(options.pop("keep_fp8", False))
    if location.config is None and family:
        with whole_model_configuration(location.file, family) as folder:
            return read_whole(kind, location.file, folder, **options)
    if location.config is None:
        what = f"'{location.file}' does not contain the configuration of its {kind.__name__}"
        raise InputError(what, cure="Give the diffusers folder of such a network as `config:`")
    if not Path(location.config).is_dir():  # a repository of the hub
        check_plain(location.file)
        return kind.from_single_file(str(location.file), config=location.config, **options)
    if family:
        return read_whole(kind, location.file, Path(location.config), **options)
    return read_network(kind, location.file, Path(location.config), dtype=options["dtype"], keep_fp8=keep_fp8)
