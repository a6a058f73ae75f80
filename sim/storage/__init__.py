"""What stands on disk: folders of runs, manifests, checkpoints, whole files."""
