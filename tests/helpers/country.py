"""The apps of a whole country: more messengers than one tile has room for."""

from copy import deepcopy

from sim.config.compose import load_tree
from sim.config.settings import BANDS
from sim.config.validation import validate

SMALL = ("+scenario=call_ban", "population.n_users=300", "replications=1", "step_days=14")
DOMESTIC = [f"own_{k}" for k in range(7)]


def country(engine):
    """Return a case of twelve apps, seven of which are domestic."""
    tree = deepcopy(load_tree(*SMALL, f"engine={engine}"))
    tree["platforms"] |= {
        name: tree["platforms"]["vk"]
        | {"label": name, "openings": 0.3, "pair_appeal": 0.5}
        | {"standalone": dict.fromkeys(BANDS, 0.3 * k - 1.0)}
        for k, name in enumerate(DOMESTIC)
    }
    seed = {"users": 0.1, "pattern": "single", "aware": 0.5}
    tree["case"]["seeds"] |= dict.fromkeys(DOMESTIC, seed)
    return validate(tree)
