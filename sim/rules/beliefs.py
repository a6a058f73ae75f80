"""Awareness, news and the belief that the state reads a messenger (docs/model.md, 2.7 and 2.8).

In each step a user talks with one contact, drawn by tie weight, and takes over some of what the
contact knows and believes. In the mean over draws this is DeGroot averaging over the ties
(randomised gossip: Boyd et al. 2006, doi:10.1109/TIT.2006.874516) and SI spreading of awareness,
at the cost of one contact instead of all. A story is a log-likelihood ratio, added to the belief
once, when the user hears it. One that repels breaks a habit (habit.py) and may alarm.
"""

from __future__ import annotations

import numpy as np

from sim.kernel.arrays import U64, Int
from sim.kernel.bits import contains, only
from sim.kernel.compiled import rule
from sim.kernel.rng import uniform, unit
from sim.kernel.vec8 import Vec8, flags, read_tile, where
from sim.rules import fixed_point
from sim.rules.candidates import CandidateBuffer, draw_random_bits, list_flagged
from sim.rules.chance import events_occur, happens, may_occur
from sim.rules.declare import MESSENGERS, SET, TILES, Field, Parameter
from sim.rules.habit import break_habit
from sim.rules.packed_state import aware_of, beliefs_of, has_told, in_use
from sim.rules.records import MESSAGE, Environment, Record, Records, purposes
from sim.rules.relaxation import Relaxation
from sim.rules.search import shortfall
from sim.rules.surveillance_attitude import surveillance_attitude
from sim.rules.tiles import part, tile_key, tiles, whole, words_of

PARAMETERS = (
    Parameter(
        "word_of_mouth", 0.0018, 0, 1, "1/day", "lambda_w",
        "hazard of hearing of a messenger from contacts", "assumption", storage="f4",
    ),
    Parameter(
        "peer_rate", 0.01, 0, 1, "1/day", "phi", "speed of averaging beliefs with contacts",
        "assumption; DeGroot: Chandrasekhar et al. 2020",
    ),
    Parameter(
        "forget_rate", 0.005, 0, 1, "1/day", "delta", "speed of going back to the prior belief",
        "assumption; effects of news are short-lived",
    ),
    Parameter(
        "attention", 6.0, 0, 100, "1", "a_n",
        "hazard of looking around by how much a story repels",
        "assumption; Korea 2014: 2-4 % moved within weeks",
    ),
)  # fmt: skip
STATE = (
    Field("news", SET, "set of stories heard of", "", "belief_state"),
    Field("alert", SET, "set of messengers to reconsider in the next step because of a story"),
    Field(
        "belief", "i2", "L_ip, that the state reads the messenger [log-odds / 2048]", MESSENGERS,
        "choice_state belief_state",
    ),
)  # fmt: skip
STEP = (
    Field("peer", "u8", "belief states of the contact of this step", TILES),
    Field("heard", SET, "set of messengers that the user hears of in this step"),
)
DRAWS = ("aware", "news", "attention")
AWARE, HEARD, ATTENTION = purposes(DRAWS)


@rule
def converse(step_record: Record, belief_state: U64) -> None:
    """Record what the contact of this step knows and believes; nothing is heard of yet.

    A user without ties is its own partner, so nothing changes.
    """
    step_record.heard = 0
    n_tiles = len(step_record.peer)
    for o in range(n_tiles):
        step_record.peer[o] = words_of(belief_state, o, n_tiles)[step_record.partner]


@rule
def awareness_hazards(
    user: Record, step_record: Record, env: Environment, params: Record, o: Int = 0
) -> Vec8:
    """Return the hazards of hearing of tile `o` over the step; 0 where `user` is aware.

    They are 0 for columns of no messenger, too, in which everything is available.
    """
    by_contact = where(
        flags(aware_of(step_record.peer[o])), params.word_of_mouth * env.effects.days, 0.0
    )
    by_media = read_tile(env.effects.awareness, o)
    found = (params.search_awareness * env.effects.days * shortfall(user)) * read_tile(
        env.availability[user.place, MESSAGE], o
    )
    unknown = (only(params.n_messengers) - 1) & ~np.int64(user.aware)
    return where(flags(part(unknown, o)), by_media + by_contact + found, 0.0)


@rule
def awareness_candidates(
    base: Int, end: Int, users: Records, step_records: Records, env: Environment, params: Record,
    keys: U64, buffer: CandidateBuffer,
) -> np.int64:  # fmt: skip
    """List the users whose first random bits do not rule out that they hear of a messenger."""
    for o in range(tiles(params)):
        draw_random_bits(tile_key(keys[AWARE], o), base, end, buffer.bits64)
        for i in range(base, end):
            hazards = awareness_hazards(users[i], step_records[i - base], env, params, o)
            may_hear = may_occur(buffer.bits64[i - base], hazards)
            buffer.flags[i - base] = may_hear if o == 0 else buffer.flags[i - base] | may_hear
    return list_flagged(base, end, buffer.flags, buffer.ids)


@rule
def become_aware(
    i: Int, user: Record, step_record: Record, env: Environment, params: Record, keys: U64
) -> None:
    """Let user `i` become aware of messengers, by media or by the contact of this step."""
    if user.online:
        heard = np.int64(0)
        for o in range(tiles(params)):
            hazards = awareness_hazards(user, step_record, env, params, o)
            heard |= whole(events_occur(tile_key(keys[AWARE], o), i, hazards), o)
        step_record.heard = heard
        user.aware |= heard


@rule
def rest(user: Record, news: Records, params: Record, o: Int = 0) -> Vec8:
    """Return the beliefs that forgetting goes back to [log-odds]: priors and lasting facts."""
    target = read_tile(params.prior[user.type + 1], o)
    for k in range(news.shape[0]):
        if news[k].lasting and contains(user.news, news[k].bit):
            fact = news[k].shock[user.type + 1]
            target = target + where(flags(part(only(news[k].platform), o)), fact, 0.0)
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
    """Move the beliefs of `user` towards those of the contact and back to their `rest`.

    Parameters
    ----------
    follow, forget : float
        Shares of either way that a step goes, from `relaxation`.
    """
    for o in range(tiles(params)):
        own = fixed_point.beliefs(user, o)
        to_contact = follow * (beliefs_of(step_record.peer[o]) - own)
        to_rest = forget * (rest(user, news, params, o) - own)
        fixed_point.set_beliefs(user, own + (to_contact + to_rest), o)


@rule
def believe_story(user: Record, story: Record, params: Record, u: float) -> None:
    """Add a story to the beliefs of `user`; one that it dislikes breaks a habit, and may alarm it.

    It is disliked by d = kappa |change of b|. With hazard attention d the user then reconsiders
    the story's messenger if it has it, and all others that it is aware of and lacks: after a
    surveillance shock, 2 to 4 % of a country took up another messenger within weeks (Korea 2014).

    Parameters
    ----------
    u : float
        Uniform in [0, 1), for the event.
    """
    user.news |= only(story.bit)
    before = surveillance_attitude(user, story.platform)
    belief = fixed_point.belief(user, story.platform) + story.shock[user.type + 1]
    fixed_point.set_belief(user, story.platform, belief)
    dislike = before - surveillance_attitude(user, story.platform)
    if dislike <= 0.0:
        return
    break_habit(user, story.platform, dislike, params)
    if happens(u, params.attention * dislike):
        has, named = in_use(user), only(story.platform)
        others = np.int64(user.aware) & ~has & ~named
        user.alert |= others | (named & has)


@rule
def reach(story: Record, user: Record, step_record: Record) -> float:
    """Return the hazard of hearing a story over the step, by media or the contact.

    It is 0 for users who have heard it.
    """
    in_audience = np.int64(story.audience == 0) | np.int64((story.audience & in_use(user)) != 0)
    contact_knows = has_told(step_record.peer, story.bit)
    is_new = contains(~np.int64(user.news), story.bit)
    return float((story.media * in_audience + story.contact * contact_knows) * is_new)


@rule
def news_candidates(
    base: Int, end: Int, users: Records, step_records: Records, news: Records, keys: U64,
    buffer: CandidateBuffer,
) -> np.int64:  # fmt: skip
    """List the users who may hear a story in this step."""
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
    """Let user `i` hear the stories that spread in this step; each story is heard once."""
    for k in range(news.shape[0]):
        story = news[k]
        if happens(uniform(keys[HEARD] ^ story.salt, i), reach(story, user, step_record)):
            believe_story(user, story, params, uniform(keys[ATTENTION] ^ story.salt, i))


@rule
def learn(
    i: Int, user: Record, step_record: Record, env: Environment, relaxation: Relaxation,
    params: Record, keys: U64,
) -> None:  # fmt: skip
    """Let user `i` learn from media and the contact: beliefs and stories."""
    update_beliefs(user, step_record, env.news, relaxation.follow, relaxation.forget, params)
    read_news(i, user, step_record, env.news, params, keys)
