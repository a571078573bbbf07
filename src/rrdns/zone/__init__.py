"""Zones: names, the tree that a query is looked up in, and the master files it is read from."""
