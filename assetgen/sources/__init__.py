"""Sources: where images come from."""
