"""Compare the model with the other shipped cases, misses included.

    python -m experiments.cases [OVERRIDE ...] > docs/cases.md

For each folder of cases/ this prints what ``python -m experiments.record case_dir=FOLDER`` does.
"""

from __future__ import annotations

from pathlib import Path

from experiments import command
from experiments.record import MISSED, section, what_happened
from sim import run
from sim.base.errors import ConfigError
from sim.base.exit_codes import exit_status_of_errors
from sim.config.conf import CASES
from sim.config.sim_config import SimConfig
from sim.observation.observed import observations

HEAD = """\
What happened elsewhere and before, simulated with behaviour as it was tuned on Russia in 2025.
Only what a case can know is changed: people, platforms, shares at the start, what was done on
which day. So these are tests and not fits, but weak ones: each section begins with what its score
rests on. *In sigmas* is the error over the standard deviation of the source;
[howto_case.md](howto_case.md) explains sources and grades, and how to write a case.

What the cases tell:

- A full block empties a platform in the model as Instagram was emptied, but sooner and further
  than it was.
- A block that most people got around costs Telegram users in the model which the real one kept.
  The growth of Telegram in 2018-20 and in 2022 is not explained at all.
- A scare sends people to other messengers in the right order, but too slowly.
- Under a standing ban of calls messages stay. But the only poll that could tell is one that the
  start was set near.
"""


def main(overrides: list[str]) -> None:
    """Print the page."""
    with exit_status_of_errors():
        worlds = {folder.name: _world(folder, overrides) for folder in sorted(CASES.glob("*/"))}
    print("# Other cases: the simulated and the observed record\n")
    print(f"Made by `{command.line('cases', overrides)}`. {MISSED}\n")
    print(HEAD)
    for name, config in worlds.items():
        print(f"## {name}\n")
        print("\n".join(section(run(config), observations(config))), end="\n\n")


def _world(folder: Path, overrides: list[str]) -> SimConfig:
    """Return what happened in the case of a folder; what is refused there names it."""
    try:
        return what_happened(f"case_dir={folder}", *overrides)
    except ConfigError as error:
        raise ConfigError(f"{folder.name}: {error}") from None


if __name__ == "__main__":
    main(command.overrides("cases", __doc__))
