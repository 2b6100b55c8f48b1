"""Diffusion models on torch and diffusers, which no other folder imports.

`families/` describes how kinds of models differ, `loading/` turns a model card into a warm model, `sampling/` turns
jobs into images with it, and `speed/` chooses device, dtype and offloading, and runs compiled networks and CUDA graphs.
`_private_apis` holds every use of a private API of these libraries.

One image: `sampling.request` (checks, no torch) → `batches.sample` → `loading.models.warm_model` → `denoise` (the loop)
→ `conditioning.predict` (prompts, guidance, controls) → `decode`.
"""

import os

_WAITING = {"GOMP_SPINCOUNT": "10000", "KMP_BLOCKTIME": "1"}
"""How long an idle OpenMP thread keeps its core: rounds of GNU's runtime (torch on Linux; the default is 300,000), and
milliseconds of Intel's and LLVM's (torch on Windows and macOS; the default is 200). Beside two busy processes on two
cores, convolutions take 0.9 s instead of 1.6 s; on idle cores 0.5 s as before. Runtimes read it when torch loads."""


def _share_cores() -> None:
    """Let idle OpenMP threads sleep, unless the user has set how they wait. The one place before every torch import."""
    if not {*_WAITING, "OMP_WAIT_POLICY"} & set(os.environ):
        os.environ.update(_WAITING)


_share_cores()
