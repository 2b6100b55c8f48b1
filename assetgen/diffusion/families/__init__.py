"""One function a model family."""
