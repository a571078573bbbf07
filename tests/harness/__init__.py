"""What the tests share: a server process, ways to ask it, and what holds for every reply."""
