"""Small Mesa models of a world under a ban, and whether two are in the same state."""

from sim import load_config
from sim.model.model import MigrationModel

SIZE = ("+scenario=call_ban", "population.n_users=120", "replications=1")
N_STEPS = 30  # to the end of 2025: calls fail, Max is pushed
REPORTERS = {
    "model_reporters": {
        "time": "time",
        "max": lambda model: sum("max" in user.messengers for user in model.users),
    },
    "agent_reporters": {
        "messengers": lambda user: "+".join(user.messengers),
        "mandated": "mandated",
        "habit": lambda user: user.habits["whatsapp"],
        "belief": lambda user: user.beliefs["max"],
        "vpn": "vpn",
    },
}


def made(engine, n_steps=N_STEPS, **keys):
    model = MigrationModel(load_config(*SIZE, f"engine={engine}"), **keys)
    for _ in range(n_steps):
        model.step()
    return model


def assert_same_state(first, second):
    mine, theirs = (m.simulation.state for m in (first, second))
    for name in ("users", "abuse"):
        assert getattr(mine, name).tobytes() == getattr(theirs, name).tobytes(), name
    for name in ("choice_state", "belief_state"):
        a, b = (getattr(state.public, name) for state in (mine, theirs))
        assert a.tobytes() == b.tobytes(), name
