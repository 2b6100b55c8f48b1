"""Diffusion models on torch and diffusers, which no other folder imports.

`families/` describes how kinds of models differ, `loading/` turns a model card into a warm model, `sampling/` turns
jobs into images with it, and `speed/` chooses device, dtype and offloading, and runs compiled networks and CUDA graphs.
`_private_apis` holds every use of a private API of these libraries.

One image: `sampling.request` (checks, no torch) → `batches.sample` → `loading.models.warm_model` → `denoise` (the loop)
→ `conditioning.predict` (prompts, guidance, controls) → `decode`.
"""
