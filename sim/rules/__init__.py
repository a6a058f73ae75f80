"""What one user does in a step: small compiled functions, no files, no model, no shared state."""
