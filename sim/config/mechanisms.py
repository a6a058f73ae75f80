"""The mechanisms of the model, and the settings that switch each of them off.

A model with a mechanism switched off gives the same bits as one without its code
(tests/engine/test_mechanisms.py). ``python -m experiments.decompose`` removes one at a time.
"""

from __future__ import annotations

from typing import NamedTuple


class Mechanism(NamedTuple):
    """A mechanism in one sentence, and the overrides that switch it off."""

    description: str
    off: tuple[str, ...]


MECHANISMS = {
    "network": Mechanism(
        "a messenger is worth what contacts on it are", ("behaviour.network_value=0",)
    ),
    "habit": Mechanism(
        "people keep talking where they are used to, and keep what they are used to",
        ("behaviour.habit_value=0", "behaviour.keep_value=0"),
    ),
    "call_shares": Mechanism(
        "some people call more, others write more", ("behaviour.call_share_sd=0",)
    ),
    "failure": Mechanism(
        "messages that fail make people reconsider sooner", ("behaviour.failure_exit=0",)
    ),
    "lasting_taste": Mechanism(
        "of what people like for no other reason the larger part lasts",
        ("behaviour.taste_persistence=0",),
    ),
    "pairs": Mechanism("two move their calls together", ("behaviour.pair_rate=0",)),
    "chats": Mechanism(
        "group chats hold and move their members",
        ("behaviour.chat_value=0", "behaviour.chat_rate=0"),
    ),
    "beliefs": Mechanism(
        "being read repels or attracts, and chills what is sensitive",
        (
            "behaviour.risk_value=0",
            "behaviour.sensitive_share=0",
            "behaviour.attention=0",
            "behaviour.habit_break=0",
        ),
    ),
    "chilling": Mechanism(
        "fear of being read moves sensitive messages", ("behaviour.sensitive_share=0",)
    ),
    "attention": Mechanism(
        "bad news makes people look for another messenger", ("behaviour.attention=0",)
    ),
    "habit_break": Mechanism(
        "bad news breaks the habit of the messenger that it is about", ("behaviour.habit_break=0",)
    ),
    "peers": Mechanism("beliefs rub off between contacts", ("behaviour.peer_rate=0",)),
    "word_of_mouth": Mechanism("contacts tell of messengers", ("behaviour.word_of_mouth=0",)),
    "circumvention": Mechanism(
        "people take up and drop VPNs because of blocks", ("behaviour.vpn_rate=0",)
    ),
    "abroad": Mechanism("somebody close lives abroad", ("population.abroad.share=0",)),
    "second_phone": Mechanism(
        "some keep what is demanded on a second phone", ("behaviour.second_phone=0",)
    ),
    "lapse": Mechanism(
        "what nobody demands any longer loses its hold", ("behaviour.lapse_rate=0",)
    ),
    "abuse": Mechanism("fraud and recruitment follow people", ("abuse=none",)),
}
