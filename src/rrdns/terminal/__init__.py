"""What is shown in a terminal as it changes."""
