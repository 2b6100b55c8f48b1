"""Processors of prompts with pictures, for text encoders that see both."""

from pathlib import Path
from typing import Any

from assetgen.diffusion.loading.weight_files import PIPELINE_FILE, component_classes
from assetgen.diffusion.loading.weight_headers import read_object

_PICTURES = ("Qwen2VLProcessor", "Qwen2_5_VLProcessor", "Qwen3VLProcessor")


def picture_processors(folder: Path) -> dict[str, Any]:
    """The processors of a pipeline folder that read pictures, by component name."""
    classes = component_classes(read_object(folder / PIPELINE_FILE))
    return {name: _load(folder / name, kind) for name, kind in classes.items() if kind in _PICTURES}


def _load(folder: Path, kind: str) -> Any:
    """A processor with Pillow's resizing, so that pixels do not depend on which packages are installed."""
    from transformers import Qwen2VLImageProcessorPil

    found = processor_class(kind).from_pretrained(str(folder), local_files_only=True)
    found.image_processor = Qwen2VLImageProcessorPil.from_pretrained(str(folder), local_files_only=True)
    return found


def processor_class(kind: str) -> Any:
    """A processor class of transformers without the part for videos, which needs torchvision."""
    import transformers

    base: Any = getattr(transformers, kind)

    def __init__(self: Any, image_processor: Any = None, tokenizer: Any = None, chat_template: Any = None) -> None:
        base.__init__(self, image_processor, tokenizer, chat_template=chat_template)

    return type(kind, (base,), {"__init__": __init__, "__module__": base.__module__})
