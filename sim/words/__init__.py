"""Results in words: facts with bands, tables for people, what their terms mean."""
