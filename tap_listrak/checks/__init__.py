"""Checks beside reading: `--test`, the catalog file, the stream maps.

May import `streams` and what is below it.
"""
