"""Observations of a case, and how far simulated values are from them."""
