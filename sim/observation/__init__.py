"""What was observed of the world, and how far a run is from it."""
