"""From a pack file to recipes and back: schema, YAML, presets and model cards, resolving, the lock."""
