"""Diffusion models on torch and diffusers, which nothing outside this folder imports.

`request` (what one image needs, no torch) → `sample` (batches) on `load` (a warm model). One loop in `denoise` serves
text-to-image, image-to-image, inpainting and controls, with `text` (prompts as embeddings), `latents` (pictures in and
out), `tiling` (circular padding), `schedulers` and `devices` beside it. `families` says how a kind of model differs.
"""
