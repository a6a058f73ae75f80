"""What does not change during a run: who the users are and whom they talk to."""
