"""Awareness, news and the belief that the state reads a messenger (docs/model.md, 2.7 and 2.8).

Once a step a user talks with one contact, drawn by tie weight. What the contact knows and
believes rubs off: in the mean over draws this is DeGroot averaging over the ties (randomised
gossip: Boyd et al. 2006, doi:10.1109/TIT.2006.874516) and SI spreading of awareness, at the cost
of one contact instead of all. A story is a log-likelihood ratio, added once on hearing it.
"""

from __future__ import annotations

import numpy as np

from sim.compiled import jit
from sim.rng import uniform, user_uniform
from sim.rules.chance import happens, sigmoid
from sim.rules.contact import contact
from sim.rules.records import (
    ATTEND,
    AWARE,
    CONVERSE,
    HEARD,
    MAX,
    U64,
    Int,
    Now,
    Record,
    Records,
    Ties,
)  # fmt: skip


@jit
def leaning(user: Record, p: Int) -> float:
    """Return type kappa b, how much being read there repels (< 0) or attracts the user.

    The state-averse shun what they think the state reads, the foreign-averse prefer it.
    """
    return float(user.type * np.float64(user.concern) * sigmoid(np.float64(user.belief[p])))


@jit
def fear(user: Record, p: int) -> float:
    """Return kappa b of the state-averse, 0 for others: what chills sensitive messages."""
    if user.type >= 0:
        return 0.0
    return float(np.float64(user.concern) * sigmoid(np.float64(user.belief[p])))


@jit
def converse(i: Int, users: Records, talk: Record, ties: Ties, keys: U64) -> None:
    """Note what one contact of user `i` knows and believes; without contacts, its own."""
    peer = contact(i, ties, uniform(keys[CONVERSE], i))
    peer = peer if peer >= 0 else i
    talk.peer_aware, talk.peer_news = users[peer].aware, users[peer].news
    for p in range(MAX):
        talk.peer_belief[p] = users[peer].belief[p]


@jit
def hear_of(i: int, user: Record, talk: Record, now: Now, rules: Record, keys: U64) -> None:
    """Let user `i` hear of messengers, by media or from the contact."""
    known = np.int64(user.aware)
    for p in range(rules.n_messengers):
        hazard = now.force.awareness[p]
        hazard += rules.word_of_mouth * now.force.days * (talk.peer_aware >> p & 1)
        heard = hazard > 0.0 and happens(user_uniform(keys[AWARE], i, p), hazard)
        known |= np.int64(heard) << p
    user.aware = np.uint8(known)


@jit
def rest(user: Record, p: int, news: Records, rules: Record) -> float:
    """Return what forgetting goes back to: the prior, and the facts about `p` heard of."""
    target = rules.prior[user.type + 1, p]
    for k in range(news.shape[0]):
        if news[k].platform == p and user.news >> news[k].bit & 1:
            target += news[k].lasting * news[k].shock[user.type + 1]
    return float(target)


@jit
def form_beliefs(user: Record, talk: Record, news: Records, days: float, rules: Record) -> None:
    """Move the beliefs of `user` towards the contact's and back to where they rest."""
    follow = -np.expm1(-rules.peer_rate * days)
    forget = -np.expm1(-rules.forget_rate * days)
    for p in range(rules.n_messengers):
        own = np.float64(user.belief[p])
        change = follow * (talk.peer_belief[p] - own)
        change += forget * (rest(user, p, news, rules) - own)
        user.belief[p] = own + change


@jit
def take_in(user: Record, story: Record, rules: Record, u: float) -> None:
    """Let `user` believe a story; one that it does not like may make it look around.

    With hazard attention kappa |change of b| it reconsiders the messenger told of if it has it,
    and others that it knows and lacks: a surveillance shock made 2 to 4 % of a country take up
    another messenger beside their own within weeks (Korea 2014).
    """
    user.news = np.uint8(np.int64(user.news) | 1 << story.bit)
    before = leaning(user, story.platform)
    user.belief[story.platform] += story.shock[user.type + 1]
    dislike = before - leaning(user, story.platform)
    if dislike > 0.0 and happens(u, rules.attention * dislike):
        has, told = np.int64(user.installed) & np.int64(user.account), 1 << story.platform
        others = np.int64(user.aware) & ~has & ~told
        user.alert = np.uint8(np.int64(user.alert) | others | (told & has))


@jit
def read_news(i: int, user: Record, talk: Record, news: Records, rules: Record, keys: U64) -> None:
    """Let user `i` hear the stories that spread, each once."""
    has = np.int64(user.installed) & np.int64(user.account)
    for k in range(news.shape[0]):
        story = news[k]
        addressed = story.audience == 0 or (story.audience & has) != 0
        hazard = story.media * addressed + story.contact * (talk.peer_news >> story.bit & 1)
        is_new = not user.news >> story.bit & 1 and hazard > 0.0
        if is_new and happens(uniform(keys[HEARD] ^ story.salt, i), hazard):
            take_in(user, story, rules, uniform(keys[ATTEND] ^ story.salt, i))


@jit
def learn(i: int, user: Record, talk: Record, now: Now, rules: Record, keys: U64) -> None:
    """Let user `i` take in what media and the contact tell: messengers, beliefs, stories."""
    if user.online:
        hear_of(i, user, talk, now, rules, keys)
    form_beliefs(user, talk, now.news, now.force.days, rules)
    read_news(i, user, talk, now.news, rules, keys)
