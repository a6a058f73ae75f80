"""The rest of the start: beliefs, skill with VPNs and group chats at rest among contacts."""

from __future__ import annotations

import numpy as np

from sim.compiled import jit_loop
from sim.config import SimConfig
from sim.engines import Threads
from sim.rng import purpose_key, uniform, uniforms
from sim.rules.contact import tie_at
from sim.rules.fixed import BELIEF_STEPS
from sim.rules.groups import chat_value
from sim.rules.records import (
    F32,
    F64,
    MAX,
    N_BANDS,
    NOWHERE,
    U64,
    Chats,
    Now,
    Record,
    Records,
    Ties,
)
from sim.rules.word import place
from sim.state import State
from sim.world.population import normals
from sim.world.settings import BANDS

CLOSE = 1e-3  # of log-odds: beliefs are at rest when none moves more in a round
MOST_ROUNDS = 2000  # if contacts weigh a hundred times more than priors


def settle_beliefs(config: SimConfig, state: State, threads: Threads) -> None:
    """Let beliefs rest between contacts and priors: L = (f W L + g L0) / (f + g).

    f and g are the chances by which a step moves a belief to a contact's and to the prior. Where
    one of them does not act, users hold their priors.
    """
    users, b = state.users, config.behaviour
    prior = state.rules.prior[users.type + 1].astype(np.float32)
    users.belief[:] = np.rint(prior * BELIEF_STEPS)
    follow, forget = (-np.expm1(-rate * config.step_days) for rate in (b.peer_rate, b.forget_rate))
    if follow == 0.0 or forget == 0.0:
        return
    now, then = prior.copy(), np.empty_like(prior)
    for _ in range(MOST_ROUNDS):
        threads.run(
            belief_rows, state.n_users, state.ties, now, prior, follow / (follow + forget), then
        )
        moved = float(np.abs(then - now).max(initial=0.0))
        now, then = then, now
        if moved < CLOSE:
            break
    users.belief[:] = np.rint(now * BELIEF_STEPS)


@jit_loop
def belief_rows(
    first: int, last: int, ties: Ties, now: F32, prior: F32, follow: float, then: F32
) -> None:
    """Write the mean of the contacts' beliefs and the prior, shares `follow` and the rest."""
    for i in range(first, last):
        degree = np.int64(ties.degree[i])
        for p in range(MAX):
            around = 0.0
            for r in range(degree):
                around += ties.rank_weight[r] * now[ties.indices[tie_at(ties, i, r)], p]
            around = around / ties.rank_total[degree] if degree > 0 else float(now[i, p])
            then[i, p] = follow * around + (1.0 - follow) * prior[i, p]


def settle_skill(config: SimConfig, state: State, threads: Threads) -> None:
    """Solve the skill with VPNs by age so that, unrestricted, the observed share uses one.

    A user who reconsiders has one with chance sigmoid(s_band + sd z_i + nu helpers_i).
    """
    users, b = state.users, config.behaviour
    own = b.vpn_skill_sd * normals(purpose_key(config.seed, 0, "start.skill"), state.n_users)
    u = uniforms(purpose_key(config.seed, 0, "start.vpn"), state.n_users)
    helpers = np.zeros(state.n_users)
    for _ in range(3):  # the share of contacts with a VPN hardly moves after the second
        state.show()
        threads.run(help_rows, state.n_users, state.shown.words, state.ties, helpers)
        helpers *= np.where(users.abroad, 1.0 - state.rules.abroad_weight, 1.0)
        for band in range(N_BANDS):
            mine = (users.band == band) & (users.online == 1)
            if mine.any():
                around = own[mine] + b.vpn_help * helpers[mine]
                level = _level(around, config.population.vpn[BANDS[band]])
                users.skill[mine] = level + own[mine]
                has = u[mine] < 1.0 / (1.0 + np.exp(-level - around))
                users.place[mine] = users.place[mine] & 0xFE | has
    state.show()


def _level(utilities: F64, share: float) -> float:
    """Return what to add to `utilities` so that the mean chance of a yes is `share`."""
    low, high = -40.0, 40.0
    for _ in range(60):
        middle = (low + high) / 2
        mean = np.mean(1.0 / (1.0 + np.exp(-np.clip(utilities + middle, -40, 40))))
        low, high = (middle, high) if mean < share else (low, middle)
    return (low + high) / 2


@jit_loop
def help_rows(first: int, last: int, words: U64, ties: Ties, helpers: F64) -> None:
    """Write the share of weighted ties to users of a VPN."""
    for i in range(first, last):
        degree, share = np.int64(ties.degree[i]), 0.0
        for r in range(degree):
            contact = ties.indices[tie_at(ties, i, r)]
            share += ties.rank_weight[r] * (place(words[contact]) & 1)
        helpers[i] = share / ties.rank_total[degree] if degree > 0 else 0.0


def seat_chats(config: SimConfig, state: State, now: Now, threads: Threads) -> None:
    """Draw where each chat is from the law that its members' moves keep: softmax(theta v)."""
    key = np.array([purpose_key(config.seed, 0, "start.chat")], np.uint64)
    threads.run(
        seat_rows, len(state.chats.platform), state.users, state.chats, now, state.rules, key
    )


@jit_loop
def seat_rows(
    first: int, last: int, users: Records, chats: Chats, now: Now, rules: Record, key: U64
) -> None:
    """Draw the messenger of a range of chats; a chat without any that a quorum has stays out."""
    for g in range(first, last):
        total = 0.0
        weights = np.zeros(MAX)
        for p in range(rules.n_messengers):
            value = chat_value(g, p, users, chats, now, rules)
            weights[p] = np.exp(rules.chat_choice * value) if value >= 0.0 else 0.0
            total += weights[p]
        left = uniform(key[0], g) * total
        chats.platform[g] = NOWHERE
        for p in range(rules.n_messengers):
            left -= weights[p]
            if left < 0.0:
                chats.platform[g] = p
                break
