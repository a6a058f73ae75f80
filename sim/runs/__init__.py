"""Runs, paired comparisons and ensembles; tables, manifests and checkpoints on disk."""
