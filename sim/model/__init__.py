"""The order of a step: as a simulation of arrays, and as a Mesa model of agents."""
