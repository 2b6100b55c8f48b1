"""Controls: images that condition a source."""
