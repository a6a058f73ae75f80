"""What makes rules fast: compilation, vectors of 8 and 16, addressed random numbers, hashes."""
