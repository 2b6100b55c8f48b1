"""One file of weights, as Stable Diffusion's makers published them: its shapes tell the configuration of its networks.

diffusers would ask the hub for that; here it is read from the file's own header, so that no network is needed.
"""

import gzip
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from assetgen.diffusion.folders import CURE, header
from assetgen.errors import InputError

Shapes = Mapping[str, list[int]]
"""The shape of each tensor by its name in the file."""
MERGES = Path(__file__).parent / "vocabulary" / "clip_merges.txt.gz"
TEXT_LENGTH = 77
HEAD = 64  # numbers to an attention head, in all of them but Stable Diffusion 1
UNET = "model.diffusion_model"
VAE = "first_stage_model"
START, END = "<|startoftext|>", "<|endoftext|>"
NOISE = {
    "_class_name": "DDIMScheduler",
    "num_train_timesteps": 1000,
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "clip_sample": False,
    "set_alpha_to_one": False,
    "steps_offset": 1,
}
"""The noise that all of them were trained with."""


@dataclass(frozen=True)
class Layout:
    """What a file holds: its family, configurations by the file that diffusers reads, and the word that pads a
    text by the folder of each tokenizer."""

    family: str
    configs: Mapping[str, Mapping[str, Any]]
    tokenizers: Mapping[str, str]


@contextmanager
def configuration(file: Path, family: str) -> Iterator[Path]:
    """A folder in diffusers layout, without weights, that fits the file; it is gone afterwards."""
    layout = layout_of({name: entry["shape"] for name, entry in header(file).items()})
    if layout is None or layout.family != family:
        other = "Give the diffusers folder of such a model as `config:`"
        cure = f"Its card should say `family: {layout.family}`" if layout else other
        raise InputError(f"'{file}' is not one file of a model of family '{family}' that is known here", cure=cure)
    with TemporaryDirectory(prefix="assetgen-") as name:
        folder = Path(name)
        for part, config in layout.configs.items():
            (folder / part).parent.mkdir(parents=True, exist_ok=True)
            (folder / part).write_text(json.dumps(config))
        for part, pad in layout.tokenizers.items():
            _save_tokenizer(folder / part, pad)
        yield folder


def layout_of(shapes: Shapes) -> Layout | None:
    """The layout of a file that holds all of a Stable Diffusion 1, 2 or XL; None for others."""
    if f"{UNET}.input_blocks.0.0.weight" not in shapes or f"{VAE}.decoder.conv_in.weight" not in shapes:
        return None
    if "cond_stage_model.transformer.text_model.embeddings.position_embedding.weight" in shapes:
        text = {"text_encoder": _clip(shapes, "cond_stage_model.transformer.text_model")}
        return _whole(shapes, "stable_diffusion", {"attention_head_dim": 8}, text, {})
    if "cond_stage_model.model.positional_embedding" in shapes:
        # its last layer was left out in training, and the file holds it nevertheless
        text = {"text_encoder": _open_clip(shapes, "cond_stage_model.model", skipped=1)}
        told = {"attention_head_dim": _heads(shapes), "use_linear_projection": True}
        return _whole(shapes, "stable_diffusion", told, text, {"prediction_type": "v_prediction"})
    return _xl(shapes) if "conditioner.embedders.1.model.positional_embedding" in shapes else None


def _xl(shapes: Shapes) -> Layout:
    text = {
        "text_encoder": _clip(shapes, "conditioner.embedders.0.transformer.text_model"),
        "text_encoder_2": _open_clip(shapes, "conditioner.embedders.1.model", skipped=0),
    }
    sizes = shapes[f"{UNET}.label_emb.0.0.weight"][1]
    pooled = shapes["conditioner.embedders.1.model.text_projection"][1]
    told = {"attention_head_dim": _heads(shapes), "use_linear_projection": True}
    told |= {"addition_embed_type": "text_time", "addition_time_embed_dim": (sizes - pooled) // 6}
    told |= {"projection_class_embeddings_input_dim": sizes}
    return _whole(shapes, "sdxl", told, text, {"timestep_spacing": "leading"})


def _whole(shapes: Shapes, family: str, told: dict[str, Any], texts: dict[str, Any], noise: dict[str, Any]) -> Layout:
    xl = family == "sdxl"
    index: dict[str, Any] = {"_class_name": "StableDiffusionXLPipeline" if xl else "StableDiffusionPipeline"}
    index |= {"unet": ["diffusers", "UNet2DConditionModel"], "vae": ["diffusers", "AutoencoderKL"]}
    index |= {"scheduler": ["diffusers", NOISE["_class_name"]]}
    for name, config in texts.items():
        index[name] = ["transformers", config["architectures"][0]]
        index[name.replace("text_encoder", "tokenizer")] = ["transformers", "CLIPTokenizer"]
    if xl:
        index |= {"force_zeros_for_empty_prompt": True}
    configs = {
        "model_index.json": index,
        "unet/config.json": _unet(shapes) | told,
        "vae/config.json": _vae(shapes, 0.13025 if xl else 0.18215),
        "scheduler/scheduler_config.json": NOISE | noise,
        **{f"{name}/config.json": config for name, config in texts.items()},
    }
    # CLIP pads a text with its end, OpenCLIP with the vocabulary's first word
    pads = {name: END if config["hidden_act"] == "quick_gelu" else "!" for name, config in texts.items()}
    tokenizers = {name.replace("text_encoder", "tokenizer"): pad for name, pad in pads.items()}
    return Layout(family, configs, tokenizers)


def _numbers(shapes: Shapes, pattern: str) -> list[int]:
    """The numbers at the place of `#` in names that begin like this, sorted."""
    found = re.compile(re.escape(pattern).replace(r"\#", r"(\d+)"))
    return sorted({int(match[1]) for name in shapes if (match := found.match(name))})


def _unet(shapes: Shapes) -> dict[str, Any]:
    """Its blocks in order: some layers each, of one width, then a layer that halves the picture."""
    blocks: list[dict[str, Any]] = [{"layers": 0, "depth": 0}]
    for number in _numbers(shapes, f"{UNET}.input_blocks.#.")[1:]:
        stem = f"{UNET}.input_blocks.{number}"
        if f"{stem}.0.op.weight" in shapes:
            blocks.append({"layers": 0, "depth": 0})
            continue
        blocks[-1]["layers"] += 1
        blocks[-1]["width"] = shapes[f"{stem}.0.out_layers.3.weight"][0]
        blocks[-1]["depth"] = len(_numbers(shapes, f"{stem}.1.transformer_blocks.#."))
    attending = [bool(block["depth"]) for block in blocks]
    first = f"{UNET}.middle_block.1.transformer_blocks.0.attn2.to_k.weight"
    return {
        "_class_name": "UNet2DConditionModel",
        "in_channels": shapes[f"{UNET}.input_blocks.0.0.weight"][1],
        "out_channels": shapes[f"{UNET}.out.2.weight"][0],
        "block_out_channels": [block["width"] for block in blocks],
        "layers_per_block": blocks[0]["layers"],
        "transformer_layers_per_block": [max(block["depth"], 1) for block in blocks],
        "down_block_types": ["CrossAttnDownBlock2D" if attends else "DownBlock2D" for attends in attending],
        "up_block_types": ["CrossAttnUpBlock2D" if attends else "UpBlock2D" for attends in attending[::-1]],
        "cross_attention_dim": shapes[first][1],
    }


def _heads(shapes: Shapes) -> list[int]:
    return [max(width // HEAD, 1) for width in _unet(shapes)["block_out_channels"]]


def _vae(shapes: Shapes, factor: float) -> dict[str, Any]:
    downs = _numbers(shapes, f"{VAE}.encoder.down.#.")
    return {
        "_class_name": "AutoencoderKL",
        "block_out_channels": [shapes[f"{VAE}.encoder.down.{number}.block.0.conv2.weight"][0] for number in downs],
        "layers_per_block": len(_numbers(shapes, f"{VAE}.encoder.down.0.block.#.")),
        "latent_channels": shapes[f"{VAE}.decoder.conv_in.weight"][1],
        "down_block_types": ["DownEncoderBlock2D"] * len(downs),
        "up_block_types": ["UpDecoderBlock2D"] * len(downs),
        "scaling_factor": factor,
    }


def _clip(shapes: Shapes, stem: str) -> dict[str, Any]:
    layers = len(_numbers(shapes, f"{stem}.encoder.layers.#."))
    inner = shapes[f"{stem}.encoder.layers.0.mlp.fc1.weight"][0]
    tokens, width = shapes[f"{stem}.embeddings.token_embedding.weight"]
    return _text(tokens, width, inner, layers, act="quick_gelu", kind="CLIPTextModel", projection=width)


def _open_clip(shapes: Shapes, stem: str, skipped: int) -> dict[str, Any]:
    layers = len(_numbers(shapes, f"{stem}.transformer.resblocks.#.")) - skipped
    inner = shapes[f"{stem}.transformer.resblocks.0.mlp.c_fc.weight"][0]
    tokens, width = shapes[f"{stem}.token_embedding.weight"]
    kind = "CLIPTextModel" if skipped else "CLIPTextModelWithProjection"
    projection = shapes.get(f"{stem}.text_projection", [width, width])[1]
    return _text(tokens, width, inner, layers, act="gelu", kind=kind, projection=projection)


def _text(tokens: int, width: int, inner: int, layers: int, **words: Any) -> dict[str, Any]:
    return {
        "model_type": "clip_text_model",
        "architectures": [words["kind"]],
        "vocab_size": tokens,
        "hidden_size": width,
        "intermediate_size": inner,
        "num_hidden_layers": layers,
        "num_attention_heads": max(width // HEAD, 1),
        "max_position_embeddings": TEXT_LENGTH,
        "hidden_act": words["act"],
        "projection_dim": words["projection"],
        "bos_token_id": tokens - 2,
        "eos_token_id": tokens - 1,
        "pad_token_id": 1,
    }


def _save_tokenizer(folder: Path, pad: str) -> None:
    """CLIP's: every byte, every byte that ends a word, every merge of two, and two that frame a text."""
    import transformers

    try:
        merges = [tuple(line.split()) for line in gzip.decompress(MERGES.read_bytes()).decode().splitlines()]
    except OSError as error:
        raise InputError("the vocabulary of CLIP is missing from this installation", cure=CURE) from error
    letters = _letters()
    words = [*letters, *(f"{letter}</w>" for letter in letters), *("".join(pair) for pair in merges), START, END]
    vocabulary = {word: number for number, word in enumerate(words)}
    tokenizer = transformers.CLIPTokenizer(vocab=vocabulary, merges=merges, model_max_length=TEXT_LENGTH, pad_token=pad)
    tokenizer.save_pretrained(folder)


def _letters() -> list[str]:
    """Every byte as a letter that can be seen (those that cannot come last), in the order of GPT-2's vocabulary."""
    seen = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    hidden = 256 - len(seen)
    return [chr(code) for code in (*seen, *range(256, 256 + hidden))]
