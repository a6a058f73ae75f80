"""The start: observed shares, contacts that resemble each other, and no drift.

The stand-alone values B_p (by age band) are solved so that the observed monthly reach is what the
rules themselves keep up. At a fixed state of everybody else, a user who enters p with chance
a = p_in sigmoid(U) a step and leaves with b = p_out (1 - sigmoid(U + K h)) has it a share
P = a / (a + b) of the time, and a panel sees in a month whoever had it on any day and opened it:

    reach = mean_i  P s o(30) + (P (1 - s) + (1 - P) e) o(15)

with s the chance of staying all month, e that of entering in it, and o(t) that of opening it in t
days (who comes or goes has it for half the month). That is monotone in B: each band has one root.

Sweeps alternate: communicate at the present installs, solve B, draw the installs anew from P. The
network enters through the marginal values, so contacts come to resemble each other; the feedback
that makes a naive controller oscillate is absent, because B is solved exactly at each state
instead of being nudged by an error.
"""

from __future__ import annotations

import numpy as np

from sim.config.platforms import MOST_OPENINGS
from sim.config.settings import BANDS
from sim.config.sim_config import SimConfig
from sim.engine.inversion import Draw, choose_for_sample, draw, look_at_start, reach_rows
from sim.engine.offenders import start_abuse
from sim.engine.policy_schedule import PolicySchedule
from sim.engine.sample import ALL, NOBODY, Sample, Turn, draw_sample, take_after
from sim.engine.society import seat_chats, settle_beliefs, settle_skill
from sim.engine.state import State, first_ties, make_state
from sim.engine.threads import Threads
from sim.kernel.parallel_map import parts, stream
from sim.kernel.rng import purpose_key, step_key, uniforms
from sim.kernel.vec8 import WIDTH as VEC8
from sim.population.cache import load_world
from sim.rules.fixed_point import INTENSITY_STEPS, SHARE_STEPS
from sim.rules.records import F32, F64, I64, MAX, N_BANDS, Environment, Records

N_SWEEPS = 16
SPEED = 0.6  # at which habits move in a sweep
# Until sweep `EVERYBODY` users outside the sample only show what users of the sample show. Then
# they take after some like them and are drawn anew: all at once, then in `TURNS` that take turns,
# so that most contacts are seen as they are by now. On their turn the share `OTHERS` of them is
# drawn, and their habits move as far: each has few turns.
EVERYBODY, TURNS, OTHERS = 5, 3, 0.9
TOLERANCE = 1e-4  # of reach, below the noise of the draws
FULL = 0.975  # no band is put above this share of those who can install


def prepare(config: SimConfig, threads: Threads) -> State:
    """Build the world of `config` and bring it to the observed start.

    The result depends on the case, the population, the network, the platforms, behaviour, abuse,
    the length of a step and the seed; not on policies or replications, which share it.
    """
    state = _unsettled(config, threads)
    settle(config, state, threads)
    return state


def _unsettled(config: SimConfig, threads: Threads) -> State:
    """Return the state in which nobody has anything; the world's own users are let go."""
    world = load_world(config, threads.n_threads)
    return make_state(config, world.population, world.rows, world.seats, threads.n_threads)


def settle(config: SimConfig, state: State, threads: Threads) -> None:
    """Bring `state` to the observed start; writes its rules' solved values and its users."""
    solved = [p for p, m in enumerate(config.messengers) if m in config.case.observed_shares]
    targets = reach_targets(config, state, threads)
    env = PolicySchedule(config.model_copy(update={"policies": {}})).at(0)
    key = purpose_key(config.seed, 0, "start.sweep")
    sample = draw_sample(state.n_users)
    settle_beliefs(config, state, threads)
    settle_skill(config, state, threads)
    _draw_first(config, state, targets, solved, threads)
    for sweep in range(N_SWEEPS):
        if sweep == EVERYBODY:
            take_after(state, sample, threads)
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
    look_at_start(state, env, threads)
    start_abuse(config, state, env, threads)


def _share(sweep: int) -> float:
    """Return which share of users of the sample is drawn anew."""
    return 0.7 if sweep < N_SWEEPS // 2 else 0.4


def _turn(sweep: int) -> Turn:
    """Return who outside the sample is drawn anew: all at first, then every third in turn."""
    if sweep <= EVERYBODY:
        return ALL if sweep == EVERYBODY else NOBODY
    return Turn(sweep % TURNS, TURNS)


def _bits(messengers: list[int]) -> np.uint8:
    return np.uint8(sum(1 << p for p in messengers))


def reach_targets(config: SimConfig, state: State, threads: Threads) -> F64:
    """Return the monthly reach to hold by messenger and band, shape (MAX, N_BANDS); 0 if none.

    The profile's logits are shifted until the total is the observed reach; where a band would
    exceed those who can install, the rest is spread over the other bands.
    """
    counts, online = _by_band(state.users, threads)
    share = counts / counts.sum()
    cap = FULL * online / np.maximum(counts, 1)
    targets = np.zeros((MAX, N_BANDS))
    for name, start in config.case.observed_shares.items():
        profile = np.clip([start.profile[band] for band in BANDS], 1e-6, 1 - 1e-6)
        logit = np.log(profile / (1 - profile))
        low, high = -30.0, 30.0
        for _ in range(60):
            middle = (low + high) / 2
            row = np.minimum(cap, 1 / (1 + np.exp(-(logit + middle))))
            low, high = (middle, high) if row @ share < start.reach else (low, middle)
        targets[config.messengers.index(name)] = row
    return targets


def _by_band(users: Records, threads: Threads) -> tuple[F64, F64]:
    """Return how many users there are by band, and how many of them are online."""

    def count(part: tuple[int, int]) -> F64:
        some = users[slice(*part)]
        bands = some.band.copy()
        return np.array([np.bincount(bands, has, N_BANDS) for has in (None, some.online)])

    by_part = np.array(list(stream(count, parts(len(users)), threads.n_threads)))
    counts, online = by_part.sum(axis=0)
    return counts, online


def _draw_first(
    config: SimConfig, state: State, targets: F64, solved: list[int], threads: Threads
) -> None:
    """Give messengers to the target share of each band; a rough guess of their habit."""
    counts, online = _by_band(state.users, threads)
    keys = {p: purpose_key(config.seed, 0, f"start.first.{config.messengers[p]}") for p in solved}
    chance = targets * counts / np.maximum(online, 1)
    habit = np.rint(0.4 * targets * SHARE_STEPS).astype(np.uint16)

    def draw_some(first: int, last: int) -> None:
        some = state.users[first:last]
        for p, key in keys.items():
            u = uniforms(key, last - first, first)
            has = (some.online == 1) & (u < chance[p][some.band])
            some.installed |= has.astype(np.uint8) << np.uint8(p)
            some.habit[:, p] = np.where(has, habit[p][some.band], 0)
        some.account[:] = some.installed
        some.revising[:] = np.where(some.online, _bits(solved), 0)

    threads.run_parts(draw_some, state.n_users)
    state.publish(threads)


def _solve_openings(config: SimConfig, state: State, sample: Sample) -> None:
    """Solve c_B of each messenger whose daily reach is observed, by Newton's method.

    Daily reach mean_i [1 - exp(-D_i (traffic_i + c))] is concave and increasing in c.
    """
    users = state.users[sample.rows]
    for p, name in enumerate(config.messengers):
        if config.platforms[name].openings is not None:
            continue
        daily = config.case.observed_shares[name].daily
        has = (users.installed & users.account) >> p & 1 == 1
        intensity = users.intensity[has] / INTENSITY_STEPS
        traffic = sample.step_records.openings[has, p] - state.params.base_openings[p] * intensity
        c = 0.0  # starting left of the root, Newton climbs a concave function safely
        for _ in range(12):
            unseen = np.exp(-(traffic + c * intensity))
            gap = daily - (1 - unseen).sum() / len(has)
            slope = (intensity * unseen).sum() / len(has)
            # in a tiny world too few may have it for the observed reach: then as often as allowed
            then = min(max(0.0, c + gap / slope), MOST_OPENINGS) if slope > 0 else MOST_OPENINGS
            if then == c:
                break
            c = then
        state.params.base_openings[p] = c


def _solve_standalone(
    config: SimConfig, state: State, sample: Sample, targets: F64, solved: list[int],
    env: Environment, habit: F32, threads: Threads,
) -> None:  # fmt: skip
    """Solve B_p by band by bracketed Newton steps at the present marginal values."""
    bands = state.users.band[sample.rows]
    counts = np.maximum(np.bincount(bands, minlength=N_BANDS), 1)
    bits = _bits([p for p in solved if config.platforms[config.messengers[p]].standalone is None])
    low, high = np.full((MAX, N_BANDS), -25.0), np.full((MAX, N_BANDS), 25.0)
    for _ in range(30):
        sums = np.zeros((len(sample.blocks), N_BANDS, 2 * VEC8))
        threads.run(
            reach_rows, len(sample.rows), state.users, sample, env, state.params, habit, sums
        )
        means = (sums.sum(axis=0) / counts[:, None]).T
        reach, slope = means[:MAX], means[VEC8 : VEC8 + MAX]
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
    """Return h / (1 - exp(-dW)) of those who have a messenger, shape (MAX,).

    Who lacks p has no habit in p yet, but would; dW tells how much (the share on a tie is
    exactly 1 - exp(-dW) where all ties are alike).
    """
    users, out = state.users[sample.rows], np.zeros(MAX, np.float32)
    for p in range(MAX):
        has = (users.installed & users.account) >> p & 1 == 1
        would = -np.expm1(-sample.step_records.value[has, p].astype(float)).sum()
        out[p] = users.habit[has, p].sum() / (SHARE_STEPS * would) if would > 0 else 0.0
    return out


def _finish(config: SimConfig, state: State, solved: list[int], threads: Threads) -> None:
    """Give accounts that lie dormant, first users of new messengers, and awareness."""
    threads.run_parts(_finish_some, state.n_users, config, state.users, solved)
    for p in set(range(len(config.messengers))).difference(solved):
        _seed(config, state, p, threads)
    state.publish(threads)


def _finish_some(
    begin: int, end: int, config: SimConfig, users: Records, solved: list[int]
) -> None:
    """Give dormant accounts and awareness to some users, who revise nothing for now."""
    some = users[begin:end]
    some.revising[:] = 0
    for p, name in enumerate(config.messengers):
        bit = np.uint8(1 << p)
        if p in solved:
            u = uniforms(purpose_key(config.seed, 0, f"start.other.{name}"), end - begin, begin)
            extra = (u < config.case.observed_shares[name].dormant_accounts) & (some.online == 1)
            some.account |= bit * extra
            some.aware |= bit
        else:
            u = uniforms(purpose_key(config.seed, 0, f"start.aware.{name}"), end - begin, begin)
            some.aware |= bit * (u < config.case.seeds[name].aware)


def _seed(config: SimConfig, state: State, p: int, threads: Threads) -> None:
    """Give messenger `p` to its first users."""
    name, users, bit = config.messengers[p], state.users, np.uint8(1 << p)
    seed, key = config.case.seeds[name], purpose_key(config.seed, 0, f"start.other.{name}")
    n_first = round(seed.users * len(users) / (2 if seed.pattern == "pairs" else 1))
    first = _first_users(users, n_first, key, threads)
    if seed.pattern == "pairs":
        connected = first[state.ties.degree[first] > 0]
        friends = state.ties.indices[first_ties(state.ties, connected)]  # the strongest ones
        first = np.union1d(first, friends[users.online[friends] == 1])
    for had in (users.installed, users.account, users.aware):
        had[first] |= bit


def _first_users(users: Records, n_first: int, key: np.uint64, threads: Threads) -> I64:
    """Return the `n_first` users with the smallest numbers under `key` who can install."""
    n_able = max(1.0, _by_band(users, threads)[1].sum())
    likely = (n_first + 6.0 * np.sqrt(n_first) + 10.0) / n_able  # more numbers than needed
    for bound in (likely, 1.0):

        def look(part: tuple[int, int], bound: float = bound) -> tuple[I64, F64]:
            return _able_below(users, *part, bound, key)

        found = stream(look, parts(len(users)), threads.n_threads)
        able, u = (np.concatenate(arrays) for arrays in zip(*found, strict=True))
        if len(able) >= n_first:
            break
    return np.asarray(able[np.argsort(u, kind="stable")[:n_first]])


def _able_below(
    users: Records, first: int, last: int, bound: float, key: np.uint64
) -> tuple[I64, F64]:
    """Return which of some users can install and have a number below `bound`, and the number."""
    u = uniforms(key, last - first, first)
    at = np.flatnonzero((users.online[first:last] == 1) & (u < bound))
    return first + at, u[at]
