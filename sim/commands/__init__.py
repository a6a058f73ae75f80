"""Command lines, one per file, and nothing else."""
