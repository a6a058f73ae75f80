"""Experiments: each one command that makes a table or a figure of the documentation."""
