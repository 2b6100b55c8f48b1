"""Checks: measured verdicts on finished images."""
