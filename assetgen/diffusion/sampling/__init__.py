"""From requests to images: prompts, conditioning, the sampler loop, decoding."""
