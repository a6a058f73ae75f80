"""Write down every parameter that a user can set.

    python -m experiments.parameters > docs/parameters.md

Prints, as Markdown, key, symbol, unit, value, range, meaning and source of every field of the
models (experiments/fields.py reads them), and what dated reach can tell of it. Values and their
sources are those of conf/.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from experiments import command
from experiments.fields import Row, as_set, at, rows, say
from sim import load_config
from sim.base.strict import Strict, kinds
from sim.config.abuse import AbuseKind
from sim.config.case import CaseConfig, StartSeed, StartShare
from sim.config.conf import CONF
from sim.config.parameters import Behaviour
from sim.config.platforms import Platform
from sim.config.posterior import identifiability
from sim.config.settings import ChatKind, NetworkConfig, PopulationConfig, Segment
from sim.config.sim_config import SimConfig
from sim.config.validation import OURS
from sim.policies.registry import policy_kinds
from sim.policies.window import Window

CASE = "russia_2025"
HEAD = f"""\
# Parameters

Made by `python -m experiments.parameters` from the models in `sim/` and the case `{CASE}` in
`conf/`: change those, not this page. Write a key on the command line as it stands here, with a
name in place of `NAME`: `python -m sim behaviour.keep_value=3 platforms.max.message_value=1`. A
value outside its range is refused. Rates are hazards per day, utils have the Gumbel scale 1,
shares and ratios have the unit 1. Symbols are those of [model.md](model.md).

The record holds mostly monthly and daily reach on dates. What this can tell of a parameter:

- **reach**: reach narrows it down by itself;
- **reach, with others**: reach sees it only in a product or combination with others, so many sets
  of values fit alike;
- **prior**: reach does not depend on it, or this was not tested; it stays at its prior value.

**Priors are not measurements**, and neither is a value that fits. The column *source* says where a
value came from; "fit S3" and "tuned" are explained in [defaults.md](defaults.md). Where no source
is named, the value is a prior or an assumption. What reach tells stands beside every parameter of
behaviour, and at the head of every other section.

## What a fit tells

The fit to all cases ([transport.md](transport.md)), with figures of Russia until December 2025,
fitted the parameters of this table together, from wide priors. The part of a prior's standard
deviation that is left for Russia says what the records say about each while all others are free,
too: below .5 the data identify it, below .8 they identify it in part, else the prior does.
Parameters that were tied to one value (`also` in `conf/design/calibration_{CASE}.yaml`) share a
row. All others stood at their defaults."""

TOLD = {
    "Behaviour": """\
What reach tells rests on two local sensitivity analyses of the prototype that the defaults started
from, not on a calibration of this implementation. The second, with data until December 2025, saw
cellular calls and the time spent in WhatsApp as well. Of the standard deviation of its prior the
data left this much of each parameter (a dash: it was not in that analysis):

| parameter | first analysis | second analysis |
|---|---|---|
| `message_loss` | .21 | .44 |
| `network_value` | .26 | .64 |
| `drop_rate` | .42 | .47 |
| `install_rate` | .45 | .47 |
| `mandate_value` | .58 | over .82 |
| `habit_value` | .60 | over .82 |
| `call_share` | .65 | .58 (by the calls) |
| `keep_value`, `habit_rate` | .80 | over .82 |
| `taste_sd` | .90 | over .82 |
| `call_loss`, `vpn_efficacy` | .98 | over .97 |
| `traffic_openings` | .15 | - |
| `pair_rate` | - | .09 (though fits put it anywhere from .001 to .008) |
| `call_openings` | - | over .82 |
| `failure_exit` | - | over .97 (it shows from January 2026 on) |

Most easily taken for one another, in the first analysis: `habit_value` and Telegram's stand-alone
value (correlation .78) or `message_loss` (.75), `network_value` and `taste_sd` (.66), `drop_rate`
and `keep_value` (.65). Neither analysis had beliefs that move, group chats, or VPNs that are taken
up for a reason. What reach says about those was not tested, so they count as priors.""",
    "Platforms": """\
A value of `null` is solved so that the observed start stands still ([start.md](start.md)); only
differences between platforms matter. **Reach, with others**: `message_value`, `standalone` and
`openings` of messengers, `mandate_openings`, and `pair_appeal`. (A higher value on a tie looks
like a higher stand-alone value or more habit. Of the standard deviation of the prior, .34 was left
for the stand-alone value of Telegram, .51 and .68 for that of Max, over .82 for that of imo; and
for `message_value` over .82 of Max and over .97 of imo.) **Prior**: every `call_value` and both
values of cellular (calls by phone inform them, reach does not), `habit_openings`, `circumvention`,
`belief`. `channels`, `encryption`, `state_access`, `moderation` and `abroad` are what was
reported, or ranks of it.""",
    "Population": """\
Demography, surveys and assumptions. **Reach, with others**: `intensity_shape` (seen in daily
beside monthly reach, together with the openings) and the `share` of a segment (only its product
with rate and ceiling of the segment's mandates). **Prior**, or demography: all else.""",
    "Start of the case": """\
`reach` and `daily` are the record itself, on the day of the start: the society is made to begin
there. `profile` and `users` are observed in part. **Prior**: `dormant_accounts`, `aware`,
`pattern`.""",
    "Abuse": """\
Reach tells nothing of abuse. A few dated counts of fraud calls depend on `adaptation_rate`,
`response` and `elasticity` together and cannot tell them apart; all else is a **prior**.""",
    "Network": """\
**Prior**: aggregate reach does not tell one graph from another. In the prototype even contacts
drawn again at every step fitted as well, apart from the noise between seeds.""",
    "Run": """\
What is run and how finely, not what society is like. The defaults fit at `step_days=7`.
`+scenario=NAME` sets the policies, `compare_to` names the counterfactuals.""",
    "Policies": """\
`policies.NAME.KEY=VALUE` changes a policy, `+policy=NAME` adds one, `~policies.NAME` deletes it
([howto_policy.md](howto_policy.md)). Dates of what happened are those of the record; sizes are set
by the scenario. This is what reach tells of what happened. **Reach**: the `rate` of a trend, since
a trend is what nothing else explains. **Reach, with others**: of a mandate only the product of
`rate` and `ceiling` (correlation -.87) with the size of the segment; the `trial_rate` of a
campaign, before mandates begin; the `grade` of a restriction of messages, times
`behaviour.message_loss`. **Prior**: all else; reach does not depend on the `grade` of a
restriction of calls.""",
}


def main() -> None:
    """Print the page."""
    config = load_config()
    tree = config.model_dump()
    print(HEAD)
    found = identifiability(config.case.data)
    _print(
        {
            "parameter": [f"`{row.parameter}`" for row in found],
            "posterior sd / prior sd": [f"{row.ratio:.2f}" for row in found],
            "identified by": [row.by for row in found],
        }
    )
    _section("Behaviour", rows(Behaviour, "behaviour."))
    _section("Platforms", rows(Platform, "platforms.NAME."), tree["platforms"])
    _sources("platforms")
    people = tree["population"]
    _section("Population", as_set(rows(PopulationConfig, "population."), people, "population."))
    _table(rows(Segment, "population.segments.NAME."), people["segments"])
    _table(rows(ChatKind, "population.chats.NAME."), people["chats"])
    _sources("population")
    case = tree["case"]
    _section("Start of the case", as_set(rows(CaseConfig, "case."), case, "case."))
    _table(rows(StartShare, "case.observed_shares.NAME."), case["observed_shares"])
    _table(rows(StartSeed, "case.seeds.NAME."), case["seeds"])
    _sources("case")
    _section("Abuse", rows(AbuseKind, "abuse.NAME."), tree["abuse"])
    _sources("abuse")
    _section("Network", [])
    for name, kind in kinds(NetworkConfig).items():
        _kind(f"network={name}", kind)
        _table(rows(kind, "network."))
    _section("Run", _run_rows(tree))
    _section("Policies", rows(Window, "policies.NAME."))
    for name, kind in policy_kinds().items():
        own = [row for row in rows(kind, "policies.NAME.") if row.own not in Window.model_fields]
        _kind(f"kind: {name}", kind)
        _table(own)
        _policies(name, own)


def _run_rows(tree: Mapping[str, Any]) -> list[Row]:
    elsewhere = ("behaviour.", "population.", "case.")
    found = [row for row in rows(SimConfig, "") if not row.key.startswith(elsewhere)]
    return as_set([row for row in found if row.key not in OURS], tree, "")


def _section(title: str, found: list[Row], entries: Mapping[str, Any] | None = None) -> None:
    print(f"\n## {title}\n\n{TOLD[title]}")
    _table(found, entries)


def _kind(title: str, kind: type[Strict]) -> None:
    print(f"\n### `{title}`\n\n{inspect.getdoc(kind)}")


def _table(found: list[Row], entries: Mapping[str, Any] | None = None) -> None:
    """Print parameters; of `entries`, those in force by name, the values instead of defaults."""
    values = {"default": [row.default for row in found]}
    if entries is not None:
        values = {n: [say(at(entry, row.own)) for row in found] for n, entry in entries.items()}
    _print(
        {
            "key": [f"`{row.key}`" for row in found],
            "symbol": [row.symbol for row in found],
            "unit": [row.unit for row in found],
            **values,
            "range": [row.range for row in found],
            "meaning": [row.meaning for row in found],
            "source": [row.source for row in found],
            "reach tells": [row.identified_by for row in found],
        }
    )


def _print(columns: Mapping[str, list[str]]) -> None:
    """Print a table without its empty columns."""
    filled = {title: cells for title, cells in columns.items() if any(cells)}
    if filled:
        print(f"\n| {' | '.join(filled)} |\n{'|---' * len(filled)}|")
        for line in zip(*filled.values(), strict=True):
            print(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |")


def _policies(kind: str, own: list[Row]) -> None:
    """Print the policies of a kind that stand in conf/policy."""
    paths = sorted((CONF / "policy").glob("*.yaml"))
    trees = {path: OmegaConf.to_container(OmegaConf.load(path)) for path in paths}
    found = {
        path: tree
        for path, tree in trees.items()
        if isinstance(tree, dict) and tree.get("kind") == kind
    }
    usual = {"start": "", "stop": "", **{row.own: row.default for row in own}}
    values = {
        key: [say(at(tree, key, value)) for tree in found.values()] for key, value in usual.items()
    }
    names = [f"`{path.stem}`" for path in found]
    _print({"policy": names, **values, "source": [next(_comments(path))[1] for path in found]})


def _sources(group: str) -> None:
    path = CONF / group / f"{CASE}.yaml"
    print(f"\nSources, from `conf/{group}/{CASE}.yaml`:\n")
    for key, text in _comments(path):
        print(f"- `{key}`: {text}" if key else f"- {text}")


def _comments(path: Path) -> Iterator[tuple[str, str]]:
    """Yield keys of a YAML file with the comments above and behind them; first the file's own."""
    above: list[str] = []
    parents: list[str] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        comment = line.partition("# ")[2].strip()
        entry = re.match(r"( *)([\w+-]+):", line)
        if entry and not parents:
            yield "", " ".join(above)
            above = []
        if comment and not comment.startswith("@package"):
            above.append(comment)
        if entry:
            parents = [*parents[: len(entry[1]) // 2], entry[2]]
            if above:
                yield ".".join(parents), " ".join(above)
            above = []


if __name__ == "__main__":
    command.parser("parameters", __doc__).parse_args()
    main()
