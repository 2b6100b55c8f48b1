"""Pixels: colour spaces, palettes, seams, image files, fingerprints."""
