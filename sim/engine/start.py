"""The start: a stationary state with the observed shares, in which contacts are alike.

The stand-alone values B_p (by age band) are solved so that the rules themselves keep the observed
monthly reach. At a fixed state of all others, p comes and goes by the hazards a = rho_in s(U) and
b = rho_out (1 - s(U + K h)), given the user's taste. So the user has it for the share
P = a / (a + b) of the time. A panel sees the users who had p on any day of a month and opened it:

    reach = mean_i  P s o(30) + (P (1 - s) + (1 - P) e) o(15)

with s the chance of keeping p all month, e that of installing it in the month, and o(t) that of
opening it in t days (users who install or drop it have it for half the month). Reach is monotone
in B, so each band has one root.

Policies that stand at the start are in force all the while, so B and skill are net of them: when
one is lifted, people move.

Sweeps alternate: run the choice at the present installs, solve B, draw the installs again from P.
The network enters through the marginal values, so contacts become alike. B is solved exactly at
each state instead of being corrected by an error; so it does not oscillate.
"""

from __future__ import annotations

import numpy as np

from sim.config.platforms import MOST_OPENINGS
from sim.config.sim_config import SimConfig
from sim.engine.first_users import give_to_first_users
from sim.engine.inversion import Draw, choose_for_sample, draw
from sim.engine.offenders import start_abuse
from sim.engine.policy_schedule import PolicySchedule
from sim.engine.sample import ALL, NOBODY, Sample, Turn, draw_sample, take_after
from sim.engine.society import seat_chats, settle_beliefs, settle_skill
from sim.engine.standing import vpn_gains
from sim.engine.state import State, make_state
from sim.engine.stationary import reach_rows
from sim.engine.targets import count_by_band, reach_targets, reached
from sim.engine.threads import Threads
from sim.kernel.arrays import F32, F64
from sim.kernel.rng import purpose_key, step_key, uniforms
from sim.kernel.vec8 import WIDTH as VEC8
from sim.population.cache import load_world
from sim.rules.fixed_point import INTENSITY_STEPS, SHARE_STEPS
from sim.rules.records import MAX, N_BANDS, Environment, Records

N_SWEEPS = 16
SPEED = 0.6  # share of the distance that habits move in a sweep
# Until sweep `EVERYBODY` users outside the sample only publish the states of sample users. Then
# they copy similar users of the sample, and are drawn themselves: all at once in that sweep, then
# a third of them in each sweep, so that most contacts are in their present state. The share
# `OTHERS` of those whose turn it is is drawn, and their habits move as far: each has few turns.
EVERYBODY, TURNS, OTHERS = 5, 3, 0.9
TOLERANCE = 1e-4  # of reach, below the noise of the draws


def prepare(config: SimConfig, threads: Threads) -> State:
    """Return the state at the start of `config`, in a new or cached world.

    The result depends on the case, the population, the network, the platforms, behaviour, abuse,
    the length of a step, the seed and standing policies; not on other policies or replications,
    which share it.
    """
    state = _unsettled(config, threads)
    settle(config, state, threads)
    return state


def _unsettled(config: SimConfig, threads: Threads) -> State:
    """Return the state in which no user has a messenger; the world is not kept in memory."""
    world = load_world(config, threads.n_threads)
    return make_state(config, world.population, world.rows, world.seats, threads.n_threads)


def settle(config: SimConfig, state: State, threads: Threads) -> None:
    """Solve the start: write the solved parameters and the users of `state`."""
    solved = [p for p, m in enumerate(config.messengers) if m in config.case.observed_shares]
    targets = reach_targets(config, state, threads)
    env = PolicySchedule(config.model_copy(update={"policies": config.standing})).at(0)
    key = purpose_key(config.seed, 0, "start.sweep")
    sample = draw_sample(state.n_users, state.layout.tiles)
    settle_beliefs(config, state, threads)
    settle_skill(config, state, threads)
    _draw_first(config, state, targets, solved, threads)
    for sweep in range(N_SWEEPS):
        if sweep == EVERYBODY:
            take_after(state, sample, threads)
        if config.standing and sweep > EVERYBODY:
            settle_skill(config, state, threads, vpn_gains(state, env, threads))
        choose_for_sample(state, sample, env, SPEED, threads)
        _solve_openings(config, state, sample)
        habit = _habit_scale(state, sample)
        _solve_standalone(config, state, sample, targets, solved, env, habit, threads)
        sweep_key = np.uint64(step_key(key, sweep))
        turn = _turn(sweep)
        how = Draw(int(_bits(solved)), _share(sweep), turn, OTHERS, OTHERS, habit, sweep_key)
        draw(state, sample, env, how, threads)
        others = ALL if sweep in (EVERYBODY, N_SWEEPS - 1) else NOBODY
        seat_chats(config, state, sample, others, env, threads)
    _finish(config, state, solved, threads)
    state.users.usual[:] = -32768
    start_abuse(config, state, env, threads)


def _share(sweep: int) -> float:
    """Return the share of users of the sample that is drawn again in a sweep."""
    return 0.7 if sweep < N_SWEEPS // 2 else 0.4


def _turn(sweep: int) -> Turn:
    """Return which users outside the sample are drawn in a sweep: none, all, then a third."""
    if sweep <= EVERYBODY:
        return ALL if sweep == EVERYBODY else NOBODY
    return Turn(sweep % TURNS, TURNS)


def _bits(messengers: list[int]) -> np.int64:
    return np.int64(sum(1 << p for p in messengers))


def _draw_first(
    config: SimConfig, state: State, targets: F64, solved: list[int], threads: Threads
) -> None:
    """Draw messengers for the target share of each band, with a rough guess of habits."""
    counts, online = count_by_band(state.users, threads)
    keys = {p: purpose_key(config.seed, 0, f"start.first.{config.messengers[p]}") for p in solved}
    chance = targets * counts / np.maximum(online, 1)
    habit = np.rint(0.4 * targets * SHARE_STEPS).astype(np.uint16)
    aware = reached(config, chance)
    hearing = {
        p: purpose_key(config.seed, 0, f"start.aware.{config.messengers[p]}") for p in solved
    }

    def draw_some(first: int, last: int) -> None:
        some = state.users[first:last]
        for p, key in keys.items():
            known = uniforms(hearing[p], last - first, first) < aware[p][some.band]
            some.aware |= known.astype(some.aware.dtype) << p
            u = uniforms(key, last - first, first)
            has = (some.online == 1) & known & (u * aware[p][some.band] < chance[p][some.band])
            some.installed |= has.astype(some.installed.dtype) << p
            some.habit[:, p] = np.where(has, habit[p][some.band], 0)
        some.account[:] = some.installed
        some.revising[:] = np.where(some.online, _bits(solved), 0)

    threads.run_parts(draw_some, state.n_users)
    state.publish(threads)


def _solve_openings(config: SimConfig, state: State, sample: Sample) -> None:
    """Solve the base openings c of each messenger whose daily reach is observed, by Newton steps.

    Daily reach, the mean over users of 1 - exp(-D_i (traffic_i + c)), is concave and increasing.
    """
    users = state.users[sample.rows]
    for p, name in enumerate(config.messengers):
        if config.platforms[name].openings is not None:
            continue
        daily = config.case.observed_shares[name].daily
        has = (users.installed & users.account) >> p & 1 == 1
        intensity = users.intensity[has] / INTENSITY_STEPS
        k = state.params.base_openings.astype(float)
        s = sum(
            k[r] * ((users.installed & users.account) >> r & 1)[has]
            for r in range(len(k))
            if r != p
        )
        most = float(state.params.content_openings) * intensity
        traffic = sample.step_records.openings[has, p] - most * k[p] / (1 + s + k[p])
        c = 0.0  # left of the root, from where Newton steps on a concave function converge
        for _ in range(20):
            unseen = np.exp(-(traffic + most * c / (1 + s + c)))
            gap = daily - (1 - unseen).sum() / len(has)
            slope = (most * (1 + s) / (1 + s + c) ** 2 * unseen).sum() / len(has)
            # in a tiny world too few users may have it for the observed reach: then the maximum
            new = min(max(0.0, c + gap / slope), MOST_OPENINGS) if slope > 0 else MOST_OPENINGS
            if new == c:
                break
            c = new
        state.params.base_openings[p] = c


def _solve_standalone(
    config: SimConfig, state: State, sample: Sample, targets: F64, solved: list[int],
    env: Environment, habit: F32, threads: Threads,
) -> None:  # fmt: skip
    """Solve B_p by band by bracketed Newton steps at the present marginal values."""
    bands = state.users.band[sample.rows]
    counts = np.maximum(np.bincount(bands, minlength=N_BANDS), 1)
    n_tiles = state.layout.tiles
    bits = _bits([p for p in solved if config.platforms[config.messengers[p]].standalone is None])
    low, high = np.full(targets.shape, -25.0), np.full(targets.shape, 25.0)
    for _ in range(30):
        sums = np.zeros((len(sample.blocks), N_BANDS, n_tiles * 2 * VEC8))
        threads.run(
            reach_rows, len(sample.rows), state.users, sample, env, state.params, habit, sums
        )
        means = (sums.sum(axis=0) / counts[:, None]).T.reshape(n_tiles, 2, VEC8, N_BANDS)
        reach, slope = (means[:, k, :MAX].reshape(targets.shape) for k in range(2))
        gap = np.abs(targets - reach)[[p for p in solved if bits >> p & 1]]
        if gap.max(initial=0.0) < TOLERANCE:
            break
        b = state.params.standalone.T
        low, high = np.where(reach < targets, b, low), np.where(reach < targets, high, b)
        step = b + (targets - reach) / np.maximum(slope, 1e-9)
        step = np.where((step > low) & (step < high), step, (low + high) / 2)
        for p in solved:
            if bits >> p & 1:
                state.params.standalone[:, p] = step[p]


def _habit_scale(state: State, sample: Sample) -> F32:
    """Return h / (1 - exp(-dW)) of the users of each messenger, shape (P,).

    With it the habit that a user without p would have is estimated from its marginal value dW: if
    all ties are equal, the share of p on a tie is exactly 1 - exp(-dW).
    """
    users, scale = state.users[sample.rows], np.zeros(state.layout.messengers, np.float32)
    for p in range(scale.size):
        has = (users.installed & users.account) >> p & 1 == 1
        expected = -np.expm1(-sample.step_records.value[has, p].astype(float)).sum()
        habits = users.habit[has, p].sum()
        scale[p] = habits / (SHARE_STEPS * expected) if expected > 0 else 0.0
    return scale


def _finish(config: SimConfig, state: State, solved: list[int], threads: Threads) -> None:
    """Add dormant accounts, first users of new messengers, and awareness."""
    threads.run_parts(_finish_some, state.n_users, config, state.users, solved)
    for p in set(range(len(config.messengers))).difference(solved):
        give_to_first_users(config, state, p, threads)
    state.publish(threads)


def _finish_some(
    begin: int, end: int, config: SimConfig, users: Records, solved: list[int]
) -> None:
    """Add dormant accounts and awareness to some users, and clear what they reconsider."""
    some = users[begin:end]
    some.revising[:] = 0
    for p, name in enumerate(config.messengers):
        bit = users.aware.dtype.type(1 << p)
        if p in solved:
            u = uniforms(purpose_key(config.seed, 0, f"start.other.{name}"), end - begin, begin)
            extra = (u < config.case.observed_shares[name].dormant_accounts) & (some.online == 1)
            some.account |= bit * extra
        else:
            u = uniforms(purpose_key(config.seed, 0, f"start.aware.{name}"), end - begin, begin)
            some.aware |= bit * (u < config.case.seeds[name].aware)
