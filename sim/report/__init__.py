"""Sentences, tables and the page that a run leaves."""
