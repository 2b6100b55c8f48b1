"""Exporters: finished images as the files of one engine."""
