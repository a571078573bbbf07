"""Takeover agents: asked over HTTP, again and again, who has which address."""
