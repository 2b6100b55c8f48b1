"""Diffusion models on torch and diffusers, which nothing outside this folder imports.

`request` (what one image needs, no torch) → `sample` (batches) on `load` (a warm model). One loop in `denoise` serves
text-to-image, image-to-image, inpainting and controls; `guide` is what it asks a network in each step. Beside it:
`text` (prompts as embeddings), `latents` and `decode` (pictures in and out), `tiling` and `rolling` (pictures that
wrap), `schedulers`, `devices`. `families` says how kinds of models differ. `loras`, `embeddings` and `styles` are laid
over a model; `checkpoint` reads those that are one file, `folders` looks whether weights are whole.
"""
