"""Awareness, news and the belief that the state reads a messenger (docs/model.md, 2.7 and 2.8).

Once a step a user talks with one contact, drawn by tie weight. What the contact knows and
believes rubs off: in the mean over draws this is DeGroot averaging over the ties (randomised
gossip: Boyd et al. 2006, doi:10.1109/TIT.2006.874516) and SI spreading of awareness, at the cost
of one contact instead of all. A story is a log-likelihood ratio, added once on hearing it.
"""

from __future__ import annotations

import numpy as np

from sim.kernel.compiled import rule
from sim.kernel.rng import uniform, unit
from sim.kernel.vec8 import Vec8, flags, read, where
from sim.rules import fixed_point
from sim.rules.candidates import CandidateBuffer, draw_random_bits, list_flagged
from sim.rules.chance import events_occur, happens, may_occur
from sim.rules.packed_state import aware_of, beliefs_of, in_use, stories_of
from sim.rules.records import (
    ATTENTION,
    AWARE,
    HEARD,
    U64,
    Environment,
    Int,
    Record,
    Records,
)
from sim.rules.relaxation import Relaxation
from sim.rules.surveillance_attitude import surveillance_attitude


@rule
def converse(step_record: Record, belief_state: U64) -> None:
    """Note what the contact that a user talks with knows and believes; of nobody's, its own."""
    step_record.peer = belief_state[step_record.partner]


@rule
def awareness_hazards(user: Record, step_record: Record, env: Environment, params: Record) -> Vec8:
    """Return the hazards of hearing of messengers, 0 where `user` has."""
    told = where(flags(aware_of(step_record.peer)), params.word_of_mouth * env.effects.days, 0.0)
    return where(flags(user.aware), 0.0, read(env.effects.awareness) + told)


@rule
def awareness_candidates(
    base: Int, end: Int, users: Records, step_records: Records, env: Environment, params: Record,
    keys: U64, buffer: CandidateBuffer,
) -> np.int64:  # fmt: skip
    """List the users who may hear of a messenger: eight bits of luck do not refuse."""
    draw_random_bits(keys[AWARE], base, end, buffer.bits64)
    for i in range(base, end):
        hazards = awareness_hazards(users[i], step_records[i - base], env, params)
        buffer.flags[i - base] = may_occur(buffer.bits64[i - base], hazards)
    return list_flagged(base, end, buffer.flags, buffer.ids)


@rule
def become_aware(
    i: Int, user: Record, step_record: Record, env: Environment, params: Record, keys: U64
) -> None:
    """Let user `i` hear of messengers, by media or from the contact."""
    if user.online:
        hazards = awareness_hazards(user, step_record, env, params)
        user.aware = np.uint8(user.aware | events_occur(keys[AWARE], i, hazards))


@rule
def rest(user: Record, news: Records, params: Record) -> Vec8:
    """Return what forgetting goes back to: the priors, and the facts heard of."""
    target = read(params.prior[user.type + 1])
    for k in range(news.shape[0]):
        if news[k].lasting and user.news >> news[k].bit & 1:
            fact = news[k].shock[user.type + 1]
            target = target + where(flags(1 << news[k].platform), fact, 0.0)
    return target


@rule
def update_beliefs(
    user: Record,
    step_record: Record,
    news: Records,
    follow: np.float32,
    forget: np.float32,
    params: Record,
) -> None:
    """Move the beliefs of `user` towards the contact's and back to where they rest.

    Parameters
    ----------
    follow, forget : float
        Chances of either over the step, from `relaxation`.
    """
    own = fixed_point.beliefs(user)
    change = follow * (beliefs_of(step_record.peer) - own) + forget * (
        rest(user, news, params) - own
    )
    fixed_point.set_beliefs(user, own + change)


@rule
def believe_story(user: Record, story: Record, params: Record, u: float) -> None:
    """Let `user` believe a story; one that it does not like may make it look around.

    With hazard attention kappa |change of b| it reconsiders the messenger told of if it has it,
    and others that it knows and lacks: a surveillance shock made 2 to 4 % of a country take up
    another messenger beside their own within weeks (Korea 2014).
    """
    user.news = np.uint8(np.int64(user.news) | 1 << story.bit)
    before = surveillance_attitude(user, story.platform)
    belief = fixed_point.belief(user, story.platform) + story.shock[user.type + 1]
    fixed_point.set_belief(user, story.platform, belief)
    dislike = before - surveillance_attitude(user, story.platform)
    if dislike > 0.0 and happens(u, params.attention * dislike):
        has, told = np.int64(user.installed) & np.int64(user.account), 1 << story.platform
        others = np.int64(user.aware) & ~has & ~told
        user.alert = np.uint8(np.int64(user.alert) | others | (told & has))


@rule
def reach(story: Record, user: Record, step_record: Record) -> float:
    """Return the hazard of hearing a story, by media or from the contact; 0 for who has."""
    is_addressed = np.int64(story.audience == 0) | np.int64((story.audience & in_use(user)) != 0)
    is_told = stories_of(step_record.peer) >> story.bit & 1
    is_new = ~np.int64(user.news) >> story.bit & 1
    return float((story.media * is_addressed + story.contact * is_told) * is_new)


@rule
def news_candidates(
    base: Int, end: Int, users: Records, step_records: Records, news: Records, keys: U64,
    buffer: CandidateBuffer,
) -> np.int64:  # fmt: skip
    """List the users who may hear a story."""
    for i in range(base, end):
        buffer.flags[i - base] = 0
    for k in range(news.shape[0]):
        draw_random_bits(keys[HEARD] ^ news[k].salt, base, end, buffer.bits64)
        for i in range(base, end):
            hazard = reach(news[k], users[i], step_records[i - base])
            buffer.flags[i - base] |= unit(buffer.bits64[i - base]) < hazard
    return list_flagged(base, end, buffer.flags, buffer.ids)


@rule
def read_news(
    i: Int, user: Record, step_record: Record, news: Records, params: Record, keys: U64
) -> None:
    """Let user `i` hear the stories that spread, each once."""
    for k in range(news.shape[0]):
        story = news[k]
        if happens(uniform(keys[HEARD] ^ story.salt, i), reach(story, user, step_record)):
            believe_story(user, story, params, uniform(keys[ATTENTION] ^ story.salt, i))


@rule
def learn(
    i: Int, user: Record, step_record: Record, env: Environment, relaxation: Relaxation,
    params: Record, keys: U64,
) -> None:  # fmt: skip
    """Let user `i` take in what media and the contact tell: messengers, beliefs, stories."""
    become_aware(i, user, step_record, env, params, keys)
    update_beliefs(user, step_record, env.news, relaxation.follow, relaxation.forget, params)
    read_news(i, user, step_record, env.news, params, keys)
