"""The question of a run: typed keys, composition by Hydra, refusals, parameters, policies."""
