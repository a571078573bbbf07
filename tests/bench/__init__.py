"""Measurements: figures beside those of other servers, never a pass or a fail. See README.md."""
