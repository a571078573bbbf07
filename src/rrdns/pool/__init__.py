"""Pools: who is in rotation, and whose turn it is."""
