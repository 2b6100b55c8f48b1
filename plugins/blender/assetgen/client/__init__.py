"""The HTTP client, jobs, forms and images; needs only the standard library and NumPy, not Blender."""
