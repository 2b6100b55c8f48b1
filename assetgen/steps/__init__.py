"""Steps: pure functions from images to images."""
