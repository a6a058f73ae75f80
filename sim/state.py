"""The arrays of a run: rules, traits, ties and a state of nobody having anything."""

from __future__ import annotations

import numpy as np

from sim.config import SimConfig
from sim.platforms import CELLULAR
from sim.rules.records import F64, Rules, Scratch, State, Ties, Traits
from sim.world.graph import Graph
from sim.world.population import Population
from sim.world.settings import BANDS

RANK_EXPONENT = 0.9  # tie weight by rank; few strong, many weak (model 3.1)


def make_traits(population: Population) -> Traits:
    """Return the users' traits as rules read them."""
    place = population.region * np.uint8(2) + population.vpn
    return Traits(
        population.band,
        population.segments,
        population.type,
        population.online,
        place.astype(np.uint8),
        population.intensity,
        population.taste,
    )


def make_ties(graph: Graph) -> Ties:
    """Return the graph with the weights of ranks up to the largest degree."""
    longest = int(np.diff(graph.indptr).max(initial=1))
    weight = np.arange(1, longest + 1, dtype=np.float64) ** -RANK_EXPONENT
    total = np.concatenate([[0.0], np.cumsum(weight)])
    return Ties(graph.indptr, graph.indices, weight, total)


def make_rules(config: SimConfig, standalone: F64, openings: F64) -> Rules:
    """Return the parameters as rules use them.

    Parameters
    ----------
    standalone : array of shape (P, n_bands)
        Stand-alone value of each messenger by age band [utils].
    openings : array of shape (P,)
        Openings without communication [1/day].
    """
    b = config.behaviour
    messengers = [config.platforms[name] for name in config.messengers]
    outside = config.platforms[CELLULAR]
    appeal = [-np.inf if m.pair_appeal is None else m.pair_appeal for m in messengers]
    return Rules(
        channel_share=np.array([1.0 - b.call_share, b.call_share]),
        outside=np.exp(np.array([outside.message_value, outside.call_value])),
        pull=np.exp(b.habit_value / 2.0 * np.arange(256) / 255.0),
        standalone=standalone,
        type_taste=np.array([m.type_taste for m in messengers]),
        pair_appeal=np.array(appeal),
        openings=openings,
        habit_openings=np.array([m.habit_openings for m in messengers]),
        mandate_openings=np.array([m.mandate_openings for m in messengers]),
        network_value=b.network_value,
        keep_value=b.keep_value,
        taste_sd=b.taste_sd,
        mandate_value=b.mandate_value,
        preinstall_value=b.preinstall_value,
        install_rate=b.install_rate,
        drop_rate=b.drop_rate,
        failure_exit=b.failure_exit,
        habit_rate=b.habit_rate,
        traffic_openings=b.traffic_openings,
        call_openings=b.call_openings,
        pair_rate=b.pair_rate,
        pair_type=b.pair_type,
        trial_type=b.trial_type,
    )


def given_standalone(config: SimConfig) -> tuple[F64, F64]:
    """Return stand-alone values (P, n_bands) and openings (P,); NaN where they are solved."""
    standalone = np.full((len(config.messengers), len(BANDS)), np.nan)
    openings = np.full(len(config.messengers), np.nan)
    for p, name in enumerate(config.messengers):
        platform = config.platforms[name]
        if platform.standalone is not None:
            standalone[p] = [platform.standalone[band] for band in BANDS]
        if platform.openings is not None:
            openings[p] = platform.openings
    return standalone, openings


def empty_state(n_users: int, n_messengers: int) -> State:
    """Return the state in which nobody has installed or heard of anything."""
    n, p = n_users, n_messengers
    bits = [np.zeros(n, np.uint8) for _ in range(4)]
    return State(
        *bits,
        habit=np.zeros((n, p), np.float32),
        word=np.zeros(n, np.uint64),
        revising=np.zeros(n, np.uint8),
        value=np.zeros((n, p), np.float32),
        use=np.zeros((n, 2, p + 1), np.float32),
        sessions=np.zeros((n, p), np.float32),
        reachable=np.zeros((n, 2), np.float32),
        welfare=np.zeros(n, np.float32),
        asked=np.zeros((n, p), np.uint8),
    )


def copy_state(state: State) -> State:
    """Return an independent copy."""
    return State(*(array.copy() for array in state))


def make_scratch(n_messengers: int) -> Scratch:
    """Return working memory for one thread."""
    p = n_messengers
    return Scratch(np.empty(p), np.empty(p), np.empty((2, p + 1)), np.empty(p))
