"""What a person who types the first command sees: stories, versions, the name that was meant."""

import re

import pytest

from sim import __version__, load_config
from sim.base.errors import ConfigError
from sim.commands.scenarios import dated, description, listed, main
from sim.config.conf import names
from tests.helpers.cli import command


@pytest.mark.parametrize("scenario", names("scenario"))
def test_every_scenario_has_a_description_in_whole_sentences(scenario):
    told = description(scenario)
    assert re.match(r"[A-Z].{30,}", told)
    assert told.endswith((".", "]"))


def test_the_list_names_every_scenario_once_and_fits_its_width():
    lines = listed(72).splitlines()
    assert [line.split()[0] for line in lines if not line.startswith(" ")] == names("scenario")
    assert max(map(len, lines)) <= 72


def test_a_bare_command_lists_scenarios_and_suggests_one(tmp_path):
    """It ran the scenario in which nothing happens."""
    done = command(cwd=tmp_path)
    lines = done.stdout.splitlines()
    told = done.stdout.partition("describes:\n\n")[2].splitlines()
    assert [line.split()[0] for line in told if not line.startswith(" ")] == names("scenario")
    assert max(map(len, lines)) <= 80
    load_config(*next(line for line in lines if "+scenario" in line).split()[3:])
    assert not list(tmp_path.iterdir())


def test_a_scenario_tells_its_policies_by_date():
    lines = dated("call_ban").splitlines()
    assert lines[0] == "Compared with mandate_only, baseline."
    assert "2025-08-13 to the end     call_restriction" in lines
    dates = [line[:10] for line in lines[1:]]
    assert dates == sorted(dates)
    assert len(dates) == len(load_config("+scenario=call_ban").policies)
    assert dated("baseline").splitlines()[-1] == "No policy is in force."


def test_the_commands_print_them(capsys):
    main([])
    assert "call_ban_only" in capsys.readouterr().out
    main(["call_ban"])
    assert capsys.readouterr().out.startswith("Calls in WhatsApp and Telegram are restricted")
    with pytest.raises(SystemExit):
        main(["call_bann"])
    assert "did you mean call_ban?" in capsys.readouterr().err


def test_a_case_has_scenarios_of_its_own_beside_all_others(capsys):
    main(["case_dir=turkey_whatsapp_2021"])
    lines = capsys.readouterr().out.splitlines()
    told = [line.split()[0] for line in lines if not line.startswith(" ")]
    assert told == [*names("scenario"), "turkey_whatsapp_2021"]
    main(["turkey_whatsapp_2021", "case_dir=turkey_whatsapp_2021"])
    config = load_config("case_dir=turkey_whatsapp_2021", "+scenario=turkey_whatsapp_2021")
    told = capsys.readouterr().out
    assert config.policies
    assert all(name in told for name in config.policies)
    with pytest.raises(SystemExit):
        main(["call_ban", "baseline"])
    assert "call_ban baseline: allowed: one NAME" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("+scenario=call_bann", "call_ban"),
        ("network=layerd", "layered"),
        ("+policy=max_psh", "max_p"),
    ],
)
def test_a_wrong_name_is_answered_with_the_nearest(given, meant):
    with pytest.raises(ConfigError, match=f"no such name; did you mean {meant}"):
        load_config(given)


def test_the_version_is_reported_with_the_commit():
    told = command("--version").stdout
    assert told.startswith(f"messenger-migration-sim {__version__}, commit ")
    assert "numba" in told


def test_help_tells_what_one_can_ask():
    told = command("--help").stdout
    for word in (
        "who moves",
        "python -m sim +scenario=call_ban",
        "sim.scenarios",
        "scenario:",
    ):
        assert word in told
