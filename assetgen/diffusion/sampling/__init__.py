"""From requests to images: batches, prompts, conditioning, the denoising loop, decoding, seamless tiling."""
