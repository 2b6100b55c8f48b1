"""The one folder that imports torch and diffusers."""
