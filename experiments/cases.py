"""Hold the model against the other cases that are shipped, misses included.

    python -m experiments.cases [OVERRIDE ...] > docs/cases.md

For each folder of cases/ this prints what ``python -m experiments.record case_dir=FOLDER`` does.
"""

from __future__ import annotations

import sys

from experiments import command
from experiments.record import MISSED, section
from sim import load_config, run
from sim.composing.case_dir import SHIPPED
from sim.errors import ConfigError
from sim.observation.observed import observations

HEAD = """\
What happened elsewhere and before, with behaviour as tuned on Russia in 2025 and nothing changed
but what a case can know: people, platforms, shares at the start, what was done on which day. So
these are tests, not fits, and weak ones: what each rests on stands at its head. Sources, grades
and how to write a case: [howto_case.md](howto_case.md).

What they tell: a full block empties a place as Instagram was emptied, but sooner and further than
it was; a block that most got around costs the model's Telegram users that the real one kept, and
the growth of Telegram in 2018-20 and in 2022 is not explained at all; a scare sends people on to
other messengers in the right order and too slowly; under a standing ban of calls messages stay,
but the one poll that could tell is the one that the start was set near.
"""


def main(overrides: list[str]) -> None:
    """Print the page."""
    print("# Other cases: the simulated and the observed record\n")
    print(f"Made by `{command.line('cases', overrides)}`. {MISSED}\n")
    print(HEAD)
    for folder in sorted(path for path in SHIPPED.iterdir() if path.is_dir()):
        here = f"case_dir={folder}"
        try:
            happened = load_config(here, *overrides).case.happened
            config = load_config(here, f"+scenario={happened}", *overrides)
            observed = observations(config)
            result = run(config)
        except ConfigError as error:
            sys.exit(f"{folder.name}: {error}")
        print(f"## {folder.name}\n")
        print("\n".join(section(result, observed)), end="\n\n")


if __name__ == "__main__":
    main(command.overrides("cases", __doc__))
