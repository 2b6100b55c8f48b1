"""Bake pictures of cameras into a texture, in numpy alone."""
