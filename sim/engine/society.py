"""The start of beliefs, of skill with VPNs, and of group chats: all stationary among contacts."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.config.settings import BANDS
from sim.config.sim_config import SimConfig
from sim.engine.sample import Sample, Turn, draw_sample
from sim.engine.state import State
from sim.engine.threads import BLOCK, Threads, chunks
from sim.kernel.arrays import F32, F64, I64, U64
from sim.kernel.compiled import jit_loop
from sim.kernel.rng import purpose_key, uniform, uniforms
from sim.kernel.vec8 import number_at
from sim.kernel.vec16 import WIDTH, prefetch
from sim.population.population import normals
from sim.rules.contact import tie_at
from sim.rules.fixed_point import SKILL_STEPS, set_belief, to_fixed_point
from sim.rules.groups import chat_values
from sim.rules.networks import NOWHERE, Chats, Ties
from sim.rules.packed_state import place, with_place
from sim.rules.records import MAX, N_BANDS, Environment, Record, Records
from sim.rules.tiles import messengers_in, tiles, words_of

CERTAIN = 1e-13  # tolerance of a level [utils]; skill is kept in steps of 1/1024
CLOSE = 1e-3  # tolerance of beliefs: the largest change in a round [log-odds]
AHEAD = 16  # ranks of ties ahead at which choice states are prefetched
TOGETHER = 3  # messengers whose beliefs are solved together: all at once would take memory
MAX_ROUNDS = 2000  # enough if contacts weigh a hundred times more than priors


def settle_beliefs(config: SimConfig, state: State, threads: Threads) -> None:
    """Solve the stationary beliefs L = (f W L + g L0) / (f + g), and write them to the users.

    f and g are the shares of the way that a step moves a belief to those of contacts and to the
    prior L0; W are the tie weights. If f or g is 0, users hold their priors.
    """
    b = config.behaviour
    follow, forget = (-np.expm1(-rate * config.step_days) for rate in (b.peer_rate, b.forget_rate))
    weight = follow / (follow + forget) if follow > 0.0 and forget > 0.0 else 0.0
    priors = state.params.prior.astype(np.float32)
    threads.run(hold_rows, state.n_users, state.users, priors)
    for first in range(0, state.layout.messengers, TOGETHER):
        prior = priors[:, first : first + TOGETHER]
        if weight > 0.0 and (prior != prior[0]).any():  # else the priors are stationary
            solved = _at_rest(state, np.ascontiguousarray(prior), weight, threads)
            threads.run(keep_rows, state.n_users, state.users, first, solved)


def _at_rest(state: State, prior: F32, follow: float, threads: Threads) -> F32:
    """Return the stationary beliefs about some messengers, shape (n, TOGETHER).

    Parameters
    ----------
    prior : array of shape (3, TOGETHER)
        Priors by type [log-odds].
    follow : float
        Weight of contacts, f / (f + g).
    """
    n, moved = state.n_users, np.zeros(len(chunks(state.n_users)))
    before, after = (np.empty((n, TOGETHER), np.float32) for _ in range(2))
    threads.run(prior_rows, n, state.users, prior, before)
    for _ in range(MAX_ROUNDS):
        threads.run_chunks(
            belief_rows, n, state.users, state.ties, before, prior, follow, after, moved
        )
        before, after = after, before
        if moved.max(initial=0.0) < CLOSE:
            break
    return before


@jit_loop
def hold_rows(first: int, last: int, users: Records, prior: F32) -> None:
    """Write the priors as beliefs of users."""
    for i in range(first, last):
        for p in range(prior.shape[1]):
            set_belief(users[i], p, prior[users[i].type + 1, p])


@jit_loop
def prior_rows(first: int, last: int, users: Records, prior: F32, before: F32) -> None:
    """Write the priors of users to `before`."""
    for i in range(first, last):
        for k in range(TOGETHER):
            before[i, k] = prior[users[i].type + 1, k]


@jit_loop
def belief_rows(
    number: int, cuts: I64, users: Records, ties: Ties, before: F32, prior: F32,
    follow: float, after: F32, moved: F64,
) -> None:  # fmt: skip
    """Write the mean of the contacts' beliefs and the prior, shares `follow` and the rest.

    The largest change among the users of a task is written to ``moved[number]``.
    """
    moved[number] = 0.0
    for i in range(cuts[0], cuts[-1]):
        degree, begin = np.int64(ties.degree[i]), tie_at(ties, i, 0)
        for k in range(TOGETHER):
            mean = 0.0
            for r in range(degree):
                mean += ties.rank_weight[r] * before[ties.indices[begin + WIDTH * r], k]
            mean = mean / ties.rank_total[degree] if degree > 0 else float(before[i, k])
            after[i, k] = follow * mean + (1.0 - follow) * prior[users[i].type + 1, k]
            moved[number] = max(moved[number], abs(float(after[i, k]) - float(before[i, k])))


@jit_loop
def keep_rows(first: int, last: int, users: Records, p: int, beliefs: F32) -> None:
    """Write beliefs about ``TOGETHER`` messengers from `p` on to users."""
    for i in range(first, last):
        for k in range(TOGETHER):
            set_belief(users[i], p + k, beliefs[i, k])


class Skills(NamedTuple):
    """Utility of a VPN apart from the level of the age band."""

    own: F64  # (n,) deviation from that level [utils]
    helpers: F64  # (n,) share of contacts with a VPN
    gain: F64  # (n,) what a VPN opens up under standing policies [utils]


def settle_skill(
    config: SimConfig, state: State, threads: Threads, gain: F64 | float = 0.0
) -> None:
    """Solve the skill with VPNs so that the observed share of each age band has one.

    A user has a VPN with chance sigmoid(s_band + sd z_i + nu helpers_i + gain_i). The levels
    s_band are solved on the sample of the start (sim/engine/sample.py).

    Parameters
    ----------
    gain : array of shape (n,), or 0
        What a VPN opens up, as of `sim.engine.standing.vpn_gains`; 0 if nothing is restricted.
    """
    n, blocks = state.n_users, draw_sample(state.n_users, state.layout.tiles).blocks
    skills = Skills(np.empty(n), np.empty(n), np.broadcast_to(gain, n))
    threads.run_parts(_draw_own, n, config, skills)
    state.publish(threads)
    for _ in range(3):  # the share of contacts with a VPN hardly changes after the second round
        threads.run(help_rows, n, state.public.choice_state, state.ties, skills.helpers)
        level = _levels(config, state, skills, blocks)
        threads.run_parts(_draw_vpns, n, config, state, skills, level)
        threads.run(show_place_rows, n, state.users, state.public.choice_state, state.params)


def _draw_own(first: int, last: int, config: SimConfig, skills: Skills) -> None:
    """Draw the deviations of users from the level of their age band."""
    key = purpose_key(config.seed, 0, "start.skill")
    skills.own[first:last] = config.behaviour.vpn_skill_sd * normals(key, last - first, first)


def _draw_vpns(
    first: int, last: int, config: SimConfig, state: State, skills: Skills, level: F64
) -> None:
    """Write skill and draw a VPN for a range of users; `show_place_rows` publishes it."""
    key, users = purpose_key(config.seed, 0, "start.vpn"), state.users[first:last]
    mine, online = level[users.band], users.online == 1
    utility = _utility(config, state, skills, first, last)
    has = uniforms(key, last - first, first) < 1.0 / (1.0 + np.exp(-mine - utility))
    users.skill[:] = to_fixed_point(mine + skills.own[first:last], SKILL_STEPS, np.int16)
    users.place[online] = (users.place & 0xFE | has)[online]


def _utility(config: SimConfig, state: State, skills: Skills, first: int, last: int) -> F64:
    """Return the utility of a VPN for a range of users, without the level of the band [utils]."""
    weight = np.where(state.users.abroad[first:last], 1.0 - state.params.abroad_weight, 1.0)
    helped = config.behaviour.vpn_help * (skills.helpers[first:last] * weight)
    return np.asarray(skills.own[first:last] + helped + skills.gain[first:last])


def _levels(config: SimConfig, state: State, skills: Skills, blocks: I64) -> F64:
    """Return the level of skill of each age band, solved on the users of some blocks."""
    some = [(at, min(at + BLOCK, state.n_users)) for at in (blocks * BLOCK).tolist()]
    utility = np.concatenate([_utility(config, state, skills, *block) for block in some])
    band, online = (
        np.concatenate([state.users[name][first:last] for first, last in some])
        for name in ("band", "online")
    )
    level = np.zeros(N_BANDS)
    for k in range(N_BANDS):
        mine = (band == k) & (online == 1)
        if mine.any():
            level[k] = level_of(utility[mine], config.population.vpn[BANDS[k]])
    return level


def level_of(utilities: F64, share: float) -> float:
    """Return the number x with mean(sigmoid(utilities + x)) = `share` [utils].

    It is solved by bracketed Newton steps, in a tenth of the time of bisection.
    """
    low, high, level = -40.0, 40.0, 0.0
    for _ in range(60):
        chance = 1.0 / (1.0 + np.exp(-np.clip(utilities + level, -40, 40)))
        gap = share - float(chance.mean())
        low, high = (level, high) if gap > 0 else (low, level)
        new = level + gap / max(float((chance * (1.0 - chance)).mean()), 1e-30)
        if not low < new < high:
            new = (low + high) / 2
        if abs(new - level) < CERTAIN:
            break
        level = new
    return level


@jit_loop
def show_place_rows(
    first: int, last: int, users: Records, choice_state: U64, params: Record
) -> None:
    """Publish the present places of users, with a VPN or without."""
    for o in range(tiles(params)):
        states = words_of(choice_state, o, tiles(params))
        for i in range(first, last):
            states[i] = with_place(states[i], users[i].place)


@jit_loop
def help_rows(first: int, last: int, choice_state: U64, ties: Ties, helpers: F64) -> None:
    """Write the share of weighted ties to users with a VPN, for users of whole blocks.

    Sixteen users are taken together, so that many accesses to memory overlap.
    """
    degree, share = np.zeros(WIDTH, np.int64), np.zeros(WIDTH)
    for at in range(first, last, WIDTH):
        for lane in range(WIDTH):
            i = ties.order[at + lane]
            degree[lane] = ties.degree[i] if i < helpers.size else 0
            share[lane] = 0.0
        for r in range(degree[0]):  # the first user of a slice has most ties
            tie = ties.slice_start[at // WIDTH] + WIDTH * r
            prefetch(choice_state, ties.indices, tie + AHEAD * WIDTH)
            for lane in range(WIDTH):
                helps = place(choice_state[ties.indices[tie + lane]]) & (r < degree[lane])
                share[lane] += ties.rank_weight[r] * helps
        for lane in range(WIDTH):
            i = ties.order[at + lane]
            if i < helpers.size:
                total = ties.rank_total[degree[lane]] if degree[lane] > 0 else 1.0
                helpers[i] = share[lane] / total


def seat_chats(
    config: SimConfig, state: State, sample: Sample, turn: Turn, env: Environment, threads: Threads
) -> None:
    """Draw the messengers of chats from the stationary distribution of their moves.

    It is softmax(theta v). Chats whose first member is outside the sample are left as they are
    unless it is their `turn`.
    """
    key = np.array([purpose_key(config.seed, 0, "start.chat")], np.uint64)
    threads.run(
        seat_rows, len(state.chats.platform), state.users, state.chats, sample, turn, env,
        state.params, key,
    )  # fmt: skip


@jit_loop
def seat_rows(
    first: int, last: int, users: Records, chats: Chats, sample: Sample, turn: Turn,
    env: Environment, params: Record, key: U64,
) -> None:  # fmt: skip
    """Draw the messengers of a range of chats; NOWHERE if a quorum lacks every messenger."""
    for g in range(first, last):
        outside = sample.place[chats.members[chats.indptr[g]] // BLOCK] < 0
        if outside and g % turn.of != turn.k:
            continue
        weights, total = np.zeros(len(params.base_openings)), 0.0
        for o in range(tiles(params)):
            values = chat_values(g, users, chats, env, params, o)
            for lane in range(messengers_in(o, params)):
                value, p = float(number_at(values, lane)), MAX * o + lane
                weights[p] = np.exp(params.chat_choice * value) if value >= 0.0 else 0.0
                total += weights[p]
        left = uniform(key[0], g) * total
        chats.platform[g] = NOWHERE
        for p in range(params.n_messengers):
            left -= weights[p]
            if left < 0.0:
                chats.platform[g] = p
                break
