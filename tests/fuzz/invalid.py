"""Configurations that cannot be run: refused with the key, whatever is wrong with them."""

import json
import re
from functools import cache

from sim import load_config
from sim.base.errors import ConfigError
from sim.config.compose import load_tree
from tests.fuzz.schemas import leaves, spoilt
from tests.fuzz.trial import assert_in_words
from tests.helpers.cli import simulated

BASES = (
    ("+scenario=call_ban",),
    ("+scenario=give_in",),
    ("+scenario=group_move",),
    ("+scenario=whitelist_shutdown",),
    ("case_dir=turkey_whatsapp_2021", "+scenario=turkey_whatsapp_2021"),
)
PLAIN = re.compile(r"[A-Za-z_]\w*")
SIGNS = "={}[]()'\"\\,:.~+-_*&!$%#@ \t\n\0/<>|^`?;0aé٣\u202e\ud83d\ude00"


@cache
def _leaves(base):
    left = ("scenario", "counterfactuals", "left_out", "from_kinds", "abuse")
    return [leaf for leaf in leaves(load_tree(*base)) if leaf.key[0] not in left]


def run_spoilt(trial):
    """Spoil a value or a key; the command has to refuse it, with status 2 and the key."""
    base = trial.one_of(BASES)
    names, override = trial.one_of(_WAYS)(base, trial)
    words = [*base, override, f"hydra.run.dir={trial.folder}/run"]
    trial.note(*words)
    done = simulated(*words)
    trial.note(done.stdout, done.stderr)
    assert done.returncode == 2, done.returncode
    assert_in_words(done.stderr)
    assert any(name in done.stderr for name in names), f"{names} are not named"
    assert not (trial.folder / "run").exists()
    return "refused"


def run_garbled(trial):
    """Change some characters of overrides: composed, or refused in words."""
    base = trial.one_of(BASES)
    leaf = trial.one_of(_leaves(base))
    words = [*base, f"{'.'.join(leaf.key)}={written(leaf.value)}"]
    for _ in range(1 + trial.below(3)):
        k = trial.below(len(words))
        words[k] = _garbled(words[k], trial)
    trial.note(*map(repr, words))
    try:
        load_config(*words)
    except ConfigError as error:
        assert_in_words(str(error))
        return "refused"
    return "composed"


def _garbled(word, trial):
    at, sign = trial.below(len(word) + 1), trial.one_of(SIGNS)
    many = trial.one_of([1, 1, 1, 3, 30, 3000])
    return trial.one_of([
        word[:at] + sign * many + word[at:], word[:at] + word[at + 1 :], word[:at], word[at:],
        word[:at] + word[at:] * many, word.replace("=", sign, 1), word.swapcase(),
    ])  # fmt: skip


def written(value):
    """Write a value as Hydra reads it."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k}: {written(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(written, value)) + "]"
    if isinstance(value, str):
        return "'" + value.replace("'", "") + "'"
    return json.dumps(value).replace("NaN", "nan").replace("Infinity", "inf")


def _set(key, value):
    """Write an override; names that are no words stand in braces."""
    at = next((k for k, name in enumerate(key) if not PLAIN.fullmatch(name)), len(key))
    for name in reversed(key[at:]):
        value = {name: value}
    return f"{'.'.join(key[:at])}={written(value)}"


# -- ways to spoil, each with names of which the message holds one -------------------------------


def _value(base, trial):
    key, schema, _ = trial.one_of(_leaves(base))
    return key[-1:], _set(key, spoilt(schema, trial))


def _key(base, trial):
    """Misspell a key."""
    key, _, value = trial.one_of(_leaves(base))
    last = key[-1]
    at = trial.below(len(last))
    wrong = trial.one_of([
        last[:at] + last[at] + last[at:] + "q", last[:at] + "q" + last[at + 1 :] + "z", f"_{last}",
    ])  # fmt: skip
    return (
        wrong,
        *key[-2:-1],
    ), f"{trial.one_of(['', '+', '++'])}{_set((*key[:-1], wrong), value)}"


def _dates(base, trial):
    """Let a policy end before it begins."""
    del base
    start, stop = trial.one_of([("2025-09-02", "2025-09-01"), ("2025-09-01", "2025-09-01")])
    policy = f"platform: telegram, awareness_rate: 0.1, start: {start}, stop: {stop}"
    return ("stop",), f"+policies.drawn={{kind: campaign, {policy}}}"


def _deep(base, trial):
    """Nest braces or brackets."""
    key, _, _ = trial.one_of(_leaves(base))
    n = trial.one_of([21, 100, 3000])
    begin, end = trial.one_of([("[", "]"), ("{a: ", "}")])
    return key[:1], f"{key[0]}={begin * n}1{end * n}"


def _gone(base, trial):
    """Delete a required key."""
    key = trial.one_of(["case", "population", "network", "platforms", "population.regions"])
    del base
    return (key.split(".")[0],), f"~{key}"


_WAYS = (_value,) * 6 + (_key,) * 3 + (_dates, _deep, _gone)
