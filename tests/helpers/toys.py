"""Toy worlds whose users, ties and rules are set by hand."""

from dataclasses import dataclass, fields

import numpy as np

from sim.engine.accumulators import N_COLUMNS, Accumulators
from sim.engine.inversion import choose_for_sample
from sim.engine.sample import draw_sample
from sim.engine.state import State, seats
from sim.engine.threads import Threads, chunks
from sim.kernel.compiled import rule
from sim.kernel.rng import uniform
from sim.kernel.vec16 import WIDTH
from sim.rules import (
    adoption,
    beliefs,
    choice,
    choice_memory,
    circumvention,
    fixed_point,
    marginal_value,
    promotion,
    value_queries,
)
from sim.rules.availability import pair_tables
from sim.rules.choice import CONVERSE
from sim.rules.contact import contact
from sim.rules.fixed_point import (
    BELIEF_STEPS,
    CONCERN_STEPS,
    INTENSITY_STEPS,
    SHARE_STEPS,
    SKILL_STEPS,
    TASTE_STEPS,
)
from sim.rules.packed_state import level_params
from sim.rules.records import (
    ABUSE,
    EFFECTS,
    MANDATE,
    MAX,
    N_BANDS,
    NEWS,
    PARAMS,
    STEP_RECORD,
    USER,
    Environment,
    PublicState,
    Records,
    records,
)
from tests.helpers.chats import toy_chats
from tests.helpers.ties import ties_of
from tests.helpers.worlds import keys


def toy_users(n, n_messengers):
    """Return users online, aware and registered everywhere, with nothing installed."""
    users = records(USER, n)
    users.online[:], users.intensity[:], users.call_share[:] = 1, INTENSITY_STEPS, 0.2
    users.aware[:] = users.account[:] = 2**n_messengers - 1
    return users


def someone(**traits):
    """Return a user of two messengers: online, aware and registered, with `traits`."""
    users = toy_users(1, 2)
    for name, value in traits.items():
        users[name][0] = in_steps(**{name: value})
    return users[0]


STEPS = {
    "taste": TASTE_STEPS, "habit": SHARE_STEPS, "belief": BELIEF_STEPS,
    "intensity": INTENSITY_STEPS, "skill": SKILL_STEPS, "concern": CONCERN_STEPS,
}  # fmt: skip


HABIT_UNIT, BELIEF_UNIT = 1 / SHARE_STEPS, 1 / BELIEF_STEPS


def in_steps(**values):
    """Return the values of a field of users as it keeps them."""
    ((name, value),) = values.items()
    if name not in STEPS:
        return value
    return fixed_point.to_fixed_point(np.asarray(value, float), STEPS[name], USER[name].base.type)


def from_fixed_point(**values):
    """Return what users mean by the numbers in a field."""
    ((name, value),) = values.items()
    return np.asarray(value) / STEPS[name]


def silent():
    """Return the talk of a user who has said nothing yet."""
    return records(STEP_RECORD, 1)[0]


def toy_params(n_messengers, **values):
    """Return rules under which nothing happens but what `values` say."""
    params = records(PARAMS, 1)
    params.n_messengers[:] = n_messengers
    params.outside[:] = params.outside_abroad[:] = 1.0
    eta, chilling = values.pop("habit_value", 0.0), values.pop("chilling_value", 0.0)
    for name, table in level_params(eta, chilling)._asdict().items():
        params[name][0] = table
    params.topic_share[:] = 1.0, 0.0
    params.pair_appeal[:] = -np.inf
    params.network_shape[:] = params.sms_share[:] = 1.0
    for name, value in values.items():
        params[name][0] = value
    return params[0]


@dataclass(frozen=True)
class Toy(State):
    """A state with the step records of all users, which runs keep for a block of users only."""

    step_records: Records

    @property
    def choice_state(self):
        """Return what contacts see of each user."""
        return self.public.choice_state


def toy_state(users, ties, params, chats=None, abuse=None):
    """Return a state whose words show the users; without chats and abuse unless given."""
    n = len(users)
    state = Toy(
        users,
        PublicState(*(np.zeros(size, np.uint64) for size in (n + 1, n, n + 1, n))),
        ties,
        params,
        toy_chats(n) if chats is None else chats,
        records(ABUSE, 0) if abuse is None else abuse,
        {},
        records(STEP_RECORD, n),
    )
    state.publish(Threads(1))
    return state


def toy_accumulators(state):
    """Return where the users of a toy are added up: one region, no months."""
    n, n_cells, nothing = state.n_users, 3 * N_BANDS, np.zeros(0)
    sums = np.zeros((len(chunks(n)), n_cells, N_COLUMNS))
    return Accumulators(
        1, np.zeros(n, np.uint8), np.zeros(n, np.uint8), np.zeros(0, np.int16),
        np.zeros((n, MAX), np.uint16), nothing, nothing, sums,
        np.zeros((len(sums), 0, n_cells, 8)),
    )  # fmt: skip


def take_step(engine, state, env, keys):
    """Let the users of a toy take a step; its words and minds show what has changed."""
    engine.step(state, env, keys, toy_accumulators(state))
    state.public.choice_state[:], state.public.belief_state[:] = state.swap_buffers().public[:2]


def as_toy(state):
    """Return a copy of a state, with room for talks."""
    parts = {field.name: getattr(state.copy(), field.name) for field in fields(State)}
    return Toy(**parts, step_records=records(STEP_RECORD, state.n_users))


def toy_env(values, losses=(0.0, 0.0), q=None, days=1.0):
    """Return what is in force where a_cp is `values`, (2, P), and availability `q`, (C, 2, P).

    Places come in pairs, without and with a VPN; one place alone is both.
    """
    n = np.shape(values)[1]
    q = np.ones((1, 2, n)) if q is None else q
    q = np.repeat(q, 2, axis=0) if len(q) == 1 else q
    a, full_q = np.full((2, MAX), -np.inf), np.ones((len(q), 2, MAX))
    a[:, :n], full_q[:, :, :n] = values, q
    effects = records(EFFECTS, 1)[0]
    effects.days, effects.passing[:], effects.trend_openings[:], effects.loss = days, 1.0, 1.0, 1.0
    effects.unreadable, effects.outside[:] = 2**n - 1, 1.0
    tables = pair_tables(full_q, a, np.array(losses))
    effects.varied, effects.regional = tables.varied, tables.regional
    none = records(MANDATE, 0)
    return Environment(
        effects, full_q.astype(np.float32), np.zeros(full_q.shape, np.float32),
        full_q.astype(np.float32), *tables[:5],
        none, promotion.hazard_bounds(none), none, records(NEWS, 0),
    )  # fmt: skip


def step_record_of(i, state, env):
    """Let user `i` communicate, weigh and value what it reconsiders; returns its talk."""
    s, queries = choice_memory.working_memory(), value_queries.value_queries(1)
    at = int(seats(state.ties)[i])
    lane = at % WIDTH
    choice.communicate(
        at - lane, lane, lane + 1, state.users, state.step_records, 0, state.public.choice_state,
        state.ties, env, state.params, keys(0)[CONVERSE], s,
    )  # fmt: skip
    adoption.weigh(i, state.users[i], state.step_records[i], env, state.params, keys(0))
    value_queries.enqueue_values(
        i, state.public.choice_state, int(state.users.revising[i]), state.params, queries
    )
    answer(state, env, queries)
    return state.step_records[i]


@rule
def converse(i, belief_state, step_record, ties, keys):
    """Let user `i` talk with the contact that it draws while it talks on its ties."""
    other = contact(i, ties, np.floor(uniform(keys[CONVERSE], i) * 2.0**24) / 2.0**24)
    step_record.partner = other if other >= 0 else i
    beliefs.converse(step_record, belief_state)


def step_records_of(state, env):
    """Return what all users say at `state`, in order."""
    sample = draw_sample(state.n_users)
    choose_for_sample(state, sample, env, 0.0, Threads(1))
    assert len(sample.step_records) == state.n_users
    return sample.step_records


def chats_by_messenger(step_records):
    """Return how many chats users have by messenger, shape (n, MAX)."""
    return np.array(step_records.chats).view(np.uint8).reshape(-1, 8)[:, :MAX]


def considered(i, state, env, step=0):
    """Let user `i` communicate and perhaps reconsider a VPN; returns its talk."""
    queries, step_record = value_queries.value_queries(1), step_record_of(i, state, env)
    circumvention.consider(
        i, state.users[i], step_record, state.public.choice_state, env, state.params,
        keys(step), queries,
    )  # fmt: skip
    answer(state, env, queries)
    return step_record


def answer(state, env, queries):
    """Answer the questions `queries`."""
    marginal_value.evaluate(
        state.users, state.step_records, 0, state.public.choice_state, state.ties, env,
        state.params, queries, choice_memory.working_memory(),
    )  # fmt: skip


def by_band(*values):
    """Return stand-alone values, the same in every band, as rules hold them."""
    padded = np.zeros((N_BANDS, MAX))
    padded[:, : len(values)] = values
    return padded


class Crowd:
    """`n` users who all talk to everybody: the mean field, exactly.

    A contact matters by its word only, and there are few words: behind the users stand 2^P
    dummies, one with each set of messengers, and everyone's ties lead to these, with the share
    of the crowd that has the set as weight. The rules run as in any world.
    """

    def __init__(self, n, shares, params):
        self.n, self.n_sets = n, len(shares)
        sets = np.arange(self.n_sets)
        users = toy_users(n + self.n_sets, params.n_messengers)
        users.installed[:n] = np.searchsorted(np.cumsum(shares[:-1]), (np.arange(n) + 0.5) / n)
        users.installed[n:], users.online[n:] = sets, 0
        indptr = np.minimum(np.arange(n + self.n_sets + 1), n) * self.n_sets
        indices = np.tile(n + sets, n)
        ties = ties_of(indptr, indices, np.zeros(self.n_sets), np.ones(self.n_sets + 1))
        self.state = toy_state(users, ties, params)
        self.mix()

    def mix(self):
        """Let ties weigh what the crowd has now; returns the shares of the sets."""
        shares = np.bincount(self.state.users.installed[: self.n], minlength=self.n_sets) / self.n
        self.state.ties.rank_weight[:] = shares
        return shares
