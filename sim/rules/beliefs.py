"""Awareness, news and the belief that the state reads a messenger (docs/model.md, 2.7 and 2.8).

Once a step a user talks with one contact, drawn by tie weight. What the contact knows and
believes rubs off: in the mean over draws this is DeGroot averaging over the ties (randomised
gossip: Boyd et al. 2006, doi:10.1109/TIT.2006.874516) and SI spreading of awareness, at the cost
of one contact instead of all. A story is a log-likelihood ratio, added once on hearing it.
"""

from __future__ import annotations

import numpy as np

from sim.compiled import rule
from sim.octets import Octet, bits_of, flags, read, where
from sim.rng import uniform
from sim.rules import fixed
from sim.rules.attitude import leaning
from sim.rules.chance import befalling, happens
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
)  # fmt: skip
from sim.rules.word import aware_of, beliefs_of, stories_of


@rule
def converse(talk: Record, minds: U64) -> None:
    """Note what the contact that a user talks with knows and believes; of nobody's, its own."""
    talk.peer = minds[talk.partner]


@rule
def hear_of(i: Int, user: Record, talk: Record, now: Now, rules: Record, keys: U64) -> None:
    """Let user `i` hear of messengers, by media or from the contact."""
    told = where(flags(aware_of(talk.peer)), rules.word_of_mouth * now.force.days, 0.0)
    hazards = where(flags(user.aware), 0.0, read(now.force.awareness) + told)
    if bits_of(hazards > 0.0):  # most users know all that they could hear of
        user.aware = np.uint8(user.aware | befalling(keys[AWARE], i, hazards))


@rule
def rest(user: Record, news: Records, rules: Record) -> Octet:
    """Return what forgetting goes back to: the priors, and the facts heard of."""
    target = read(rules.prior[user.type + 1])
    for k in range(news.shape[0]):
        if user.news >> news[k].bit & 1:
            fact = news[k].lasting * news[k].shock[user.type + 1]
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
def read_news(i: Int, user: Record, talk: Record, news: Records, rules: Record, keys: U64) -> None:
    """Let user `i` hear the stories that spread, each once."""
    has = np.int64(user.installed) & np.int64(user.account)
    for k in range(news.shape[0]):
        story = news[k]
        addressed = story.audience == 0 or (story.audience & has) != 0
        hazard = story.media * addressed + story.contact * (stories_of(talk.peer) >> story.bit & 1)
        is_new = not user.news >> story.bit & 1 and hazard > 0.0
        if is_new and happens(uniform(keys[HEARD] ^ story.salt, i), hazard):
            take_in(user, story, rules, uniform(keys[ATTEND] ^ story.salt, i))


@rule
def learn(
    i: Int, user: Record, talk: Record, now: Now, pace: Pace, rules: Record, keys: U64
) -> None:
    """Let user `i` take in what media and the contact tell: messengers, beliefs, stories."""
    if user.online:
        hear_of(i, user, talk, now, rules, keys)
    form_beliefs(user, talk, now.news, pace.follow, pace.forget, rules)
    read_news(i, user, talk, now.news, rules, keys)
