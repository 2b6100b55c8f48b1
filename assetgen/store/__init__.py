"""The content-addressed cache of sampled images, finished images and files."""
