"""Who takes a step together: threads of a process, or ranks of several."""
