"""A copy of a shipped case that tests change, and why it is refused then."""

from datetime import timedelta
from time import monotonic

import pytest

from sim import load_config
from sim.base.errors import ConfigError
from sim.commands import case

CASE = "turkey_whatsapp_2021"
OF_CASE, OF_SCENARIO = f"conf/case/{CASE}.yaml", f"conf/scenario/{CASE}.yaml"
OF_PLATFORMS = f"conf/platforms/{CASE}.yaml"
OF_AGES, OF_OBSERVATIONS = "data/population.csv", "data/observations.csv"
GLOBAL = "# @package _global_\n"
PATIENCE = timedelta(seconds=10)  # with what would go on without end


def append(folder, path, text):
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    before = file.read_text(encoding="utf-8") if file.is_file() else ""
    file.write_text(before + text, encoding="utf-8")
    return before.count("\n") + 1


def change(folder, path, old, new):
    text = (folder / path).read_text(encoding="utf-8")
    assert old in text
    (folder / path).write_text(text.replace(old, new, 1), encoding="utf-8")


def refused(folder, *overrides):
    """Return why a case is refused: by the check, and by whatever would compose it, alike."""
    began, said = monotonic(), list(case.problems(str(folder)))
    with pytest.raises(ConfigError) as error:
        load_config(f"case_dir={folder}", *overrides)
    assert str(error.value).splitlines() == said
    assert monotonic() - began < PATIENCE.total_seconds()
    return "\n".join(said)
