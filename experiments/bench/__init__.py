"""How fast the compiled engine is, beside other simulators and the machine's limits."""
