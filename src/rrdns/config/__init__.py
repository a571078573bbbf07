"""Configuration: rrdns.yaml read, checked, and joined with the zones; takeover.yaml."""
