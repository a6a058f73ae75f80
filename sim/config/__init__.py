"""Configuration of a run: typed keys, composition by Hydra, checks, parameters, policies."""
