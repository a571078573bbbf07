"""Answers: the wire format, the reference answerer, and the table compiled from it."""
