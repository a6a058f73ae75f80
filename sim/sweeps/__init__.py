"""Many runs: a design, its runs packed in shards, workers that take them, records on disk."""
