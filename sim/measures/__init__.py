"""What is observed of a run in every step."""
