"""Awareness, news and the belief that the state reads a messenger (docs/model.md, 2.7 and 2.8).

Once a step a user talks with one contact, drawn by tie weight. What the contact knows and
believes rubs off: in the mean over draws this is DeGroot averaging over the ties (randomised
gossip: Boyd et al. 2006, doi:10.1109/TIT.2006.874516) and SI spreading of awareness, at the cost
of one contact instead of all. A story is a log-likelihood ratio, added once on hearing it.
"""

from __future__ import annotations

import numpy as np

from sim.kernel.compiled import rule
from sim.kernel.octets import Octet, flags, read, where
from sim.kernel.rng import uniform, unit
from sim.rules import fixed
from sim.rules.attitude import leaning
from sim.rules.chance import befalling, chosen, happens
from sim.rules.pace import Pace
from sim.rules.records import (
    ATTEND,
    AWARE,
    HEARD,
    U64,
    Int,
    Now,
    Record,
    Records,
)
from sim.rules.sieve import Sieve, draw, sift
from sim.rules.word import aware_of, beliefs_of, in_use, stories_of


@rule
def converse(talk: Record, minds: U64) -> None:
    """Note what the contact that a user talks with knows and believes; of nobody's, its own."""
    talk.peer = minds[talk.partner]


@rule
def unheard(user: Record, talk: Record, now: Now, rules: Record) -> Octet:
    """Return the hazards of hearing of messengers, 0 where `user` has."""
    told = where(flags(aware_of(talk.peer)), rules.word_of_mouth * now.force.days, 0.0)
    return where(flags(user.aware), 0.0, read(now.force.awareness) + told)


@rule
def hearers(
    base: Int, end: Int, users: Records, talks: Records, now: Now, rules: Record, keys: U64,
    room: Sieve,
) -> np.int64:  # fmt: skip
    """List the users who may hear of a messenger: eight bits of luck do not refuse."""
    draw(keys[AWARE], base, end, room.luck)
    for i in range(base, end):
        hazards = unheard(users[i], talks[i - base], now, rules)
        room.touched[i - base] = chosen(room.luck[i - base], hazards)
    return sift(base, end, room.touched, room.few)


@rule
def hear_of(i: Int, user: Record, talk: Record, now: Now, rules: Record, keys: U64) -> None:
    """Let user `i` hear of messengers, by media or from the contact."""
    if user.online:
        hazards = unheard(user, talk, now, rules)
        user.aware = np.uint8(user.aware | befalling(keys[AWARE], i, hazards))


@rule
def rest(user: Record, news: Records, rules: Record) -> Octet:
    """Return what forgetting goes back to: the priors, and the facts heard of."""
    target = read(rules.prior[user.type + 1])
    for k in range(news.shape[0]):
        if news[k].lasting and user.news >> news[k].bit & 1:
            fact = news[k].shock[user.type + 1]
            target = target + where(flags(1 << news[k].platform), fact, 0.0)
    return target


@rule
def form_beliefs(
    user: Record,
    talk: Record,
    news: Records,
    follow: np.float32,
    forget: np.float32,
    rules: Record,
) -> None:
    """Move the beliefs of `user` towards the contact's and back to where they rest.

    Parameters
    ----------
    follow, forget : float
        Chances of either over the step, from `pace`.
    """
    own = fixed.beliefs(user)
    change = follow * (beliefs_of(talk.peer) - own) + forget * (rest(user, news, rules) - own)
    fixed.keep_beliefs(user, own + change)


@rule
def take_in(user: Record, story: Record, rules: Record, u: float) -> None:
    """Let `user` believe a story; one that it does not like may make it look around.

    With hazard attention kappa |change of b| it reconsiders the messenger told of if it has it,
    and others that it knows and lacks: a surveillance shock made 2 to 4 % of a country take up
    another messenger beside their own within weeks (Korea 2014).
    """
    user.news = np.uint8(np.int64(user.news) | 1 << story.bit)
    before = leaning(user, story.platform)
    belief = fixed.belief(user, story.platform) + story.shock[user.type + 1]
    fixed.keep_belief(user, story.platform, belief)
    dislike = before - leaning(user, story.platform)
    if dislike > 0.0 and happens(u, rules.attention * dislike):
        has, told = np.int64(user.installed) & np.int64(user.account), 1 << story.platform
        others = np.int64(user.aware) & ~has & ~told
        user.alert = np.uint8(np.int64(user.alert) | others | (told & has))


@rule
def reach(story: Record, user: Record, talk: Record) -> float:
    """Return the hazard of hearing a story, by media or from the contact; 0 for who has."""
    is_addressed = np.int64(story.audience == 0) | np.int64((story.audience & in_use(user)) != 0)
    is_told = stories_of(talk.peer) >> story.bit & 1
    is_new = ~np.int64(user.news) >> story.bit & 1
    return float((story.media * is_addressed + story.contact * is_told) * is_new)


@rule
def readers(
    base: Int, end: Int, users: Records, talks: Records, news: Records, keys: U64, room: Sieve
) -> np.int64:
    """List the users who may hear a story."""
    for i in range(base, end):
        room.touched[i - base] = 0
    for k in range(news.shape[0]):
        draw(keys[HEARD] ^ news[k].salt, base, end, room.luck)
        for i in range(base, end):
            hazard = reach(news[k], users[i], talks[i - base])
            room.touched[i - base] |= unit(room.luck[i - base]) < hazard
    return sift(base, end, room.touched, room.few)


@rule
def read_news(i: Int, user: Record, talk: Record, news: Records, rules: Record, keys: U64) -> None:
    """Let user `i` hear the stories that spread, each once."""
    for k in range(news.shape[0]):
        story = news[k]
        if happens(uniform(keys[HEARD] ^ story.salt, i), reach(story, user, talk)):
            take_in(user, story, rules, uniform(keys[ATTEND] ^ story.salt, i))


@rule
def learn(
    i: Int, user: Record, talk: Record, now: Now, pace: Pace, rules: Record, keys: U64
) -> None:
    """Let user `i` take in what media and the contact tell: messengers, beliefs, stories."""
    hear_of(i, user, talk, now, rules, keys)
    form_beliefs(user, talk, now.news, pace.follow, pace.forget, rules)
    read_news(i, user, talk, now.news, rules, keys)
