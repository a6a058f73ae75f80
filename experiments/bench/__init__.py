"""How fast the compiled engine is, compared with other simulators and the machine's limits."""
