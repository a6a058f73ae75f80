"""Command lines, one a file, and nothing else."""
