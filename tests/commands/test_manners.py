"""Manners of the command line: quiet, verbose, colours, completion, and answers to mistakes."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from sim import load_config
from sim.base.errors import ConfigError
from sim.config.completion import SCRIPT
from sim.config.jobs import expand
from tests.helpers.cli import PYTHON, REPO, command, environment, simulated

TINY = (
    "+scenario=call_ban_only", "population.n_users=60", "replications=1", "compare_to=[]",
    "step_days=14",
)  # fmt: skip
SHORT = (*TINY[1:], "dur_days=14")
COLOUR = re.compile(r"\x1b\[[\d;]*3[0-7]m")  # bold and italics are none


def on_a_terminal(*arguments, **variables):
    """Run ``python -m sim`` with its output on a terminal; return what appeared there."""
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    done = subprocess.Popen(
        [*PYTHON, "-m", "sim", *arguments], cwd=REPO, env=environment() | variables,
        stdout=theirs, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(theirs)
    seen = b""
    while chunk := _read(ours):
        seen += chunk
    os.close(ours)
    assert done.wait() == 0
    return seen.decode()


def _read(terminal):
    try:
        return os.read(terminal, 65536)
    except OSError:  # nobody writes any more
        return b""


@pytest.mark.slow
def test_quiet_prints_the_folder_of_each_run_and_nothing_else(tmp_path):
    process = simulated(*SHORT, "seed=1,2", "-m", "--quiet", f"hydra.sweep.dir={tmp_path}")
    assert (process.returncode, process.stderr) == (0, "")
    assert process.stdout.split() == [str(tmp_path / "0"), str(tmp_path / "1")]


def test_quiet_does_not_hide_a_refusal():
    process = command("--quiet", "seed=x")
    assert process.returncode == 2
    assert "seed=x: must be a whole number" in process.stderr


@pytest.mark.slow
def test_verbose_says_what_is_done_and_how_long_it_takes(tmp_path):
    process = command("--verbose", *TINY, f"hydra.run.dir={tmp_path / 'run'}")
    for word in ("memory: ", "start: 60 users", "runs: 1 replications", "simulate: ", "report: "):
        assert word in process.stderr
    assert "WhatsApp" in process.stdout


@pytest.mark.slow
def test_colours_stay_out_if_asked(tmp_path):
    terminal = {"TERM": "xterm-256color", "COLUMNS": "100"}
    asked = (*SHORT, f"hydra.run.dir={tmp_path}")
    assert COLOUR.search(on_a_terminal(*asked, **terminal))
    seen = on_a_terminal(*asked, **terminal, NO_COLOR="1")
    assert not COLOUR.search(seen)
    assert "without an interval" in seen


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("python -m sim +scenario=call_ban_", "+scenario=call_ban_only"),
        ("python -m sim network=erd", "network=erdos_renyi"),
        ("python -m sim +scenario=call_ban policies.call_r", "policies.call_restriction."),
    ],
)
def test_the_line_is_completed(line, offered, monkeypatch):
    monkeypatch.setenv("COMP_LINE", line)
    assert simulated("-sc", "query=bash").stdout.split() == [offered]


def test_bash_hands_back_what_follows_the_equals_sign():
    """The function that bash calls gets the last word, which bash cuts at the equals sign."""
    lines = (
        f"{SCRIPT}COMP_LINE='python -m sim +scenario=call_ban_'; COMP_POINT=${{#COMP_LINE}}\n"
        "_messenger_migration_sim python call_ban_\n"
        'echo "${COMPREPLY[@]}"\n'
        "COMP_LINE='python other.py +sc'; COMP_POINT=${#COMP_LINE}; COMPREPLY=()\n"
        '_messenger_migration_sim python +sc; echo "nothing: ${COMPREPLY[*]}"'
    )
    tools = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", lines], cwd=REPO, env=environment() | {"PATH": tools},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "call_ban_only\nnothing: \n"


def test_what_is_no_shell_is_refused():
    assert "allowed: install=bash" in simulated("-sc", "install=fish").stderr


MISTAKES = {
    "a scenario without its group": ("callban", "did you mean +scenario=call_ban?"),
    "a scenario that is not added": ("scenario=call_ban", "write +scenario=call_ban"),
    "a key without its group": ("n_users=5", "did you mean population.n_users?"),
    "a key that is nearly right": ("replication=5", "did you mean replications?"),
    "a policy that is not there": (
        "policies.call_restriction.grade=1",
        "+policy=call_restriction",
    ),
    "a policy to leave out": ("~policies.max_egov", "no policy max_egov in this scenario"),
    "a policy that is not chosen by the command line": ("~policy=max_egov", "~policies.max_egov"),
    "a policy without its group": ("+policies.vpn_support", "did you mean +policy=vpn_support?"),
    "a name in capitals": ("+scenario=CALL_BAN", "did you mean call_ban?"),
    "a group in capitals": ("+Scenario=call_ban", "did you mean +scenario?"),
    "a group that is nearly right": ("scenarios=call_ban", "did you mean +scenario?"),
    "a comma for a point": (
        "policies.x.grade=0,5",
        "-m ... policies.x.grade=0,5; one value that is a list is written KEY=[A,B], a number "
        "without commas (0.5, 100000)",
    ),
    "a space behind the equals sign": ("2", "2: allowed: KEY=VALUE without spaces"),
    "quotes round all": ("+scenario=call_ban seed=2", "several in one word"),
    "quotes of a word processor": ("+scenario=“call_ban”", "straight quotes"),
    "several values": ("seed=1,2,3", "python -m sim -m ... seed=1,2,3"),
    "a graph without its file": ("network=from_file", "write network.path=VALUE"),
    "a list that Hydra cannot read": (
        "compare_to=[a=b]",
        "compare_to=[a=b]: cannot be read; what",
    ),
    "a brace left open": ("+policies.x={kind: trend", "brackets are closed"),
}


@pytest.mark.parametrize(("given", "advice"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_refused_with_what_to_write_instead(given, advice):
    with pytest.raises(ConfigError) as error:
        load_config(given)
    assert advice in str(error.value)
    assert "hydra.cc" not in str(error.value)


def test_a_misspelt_policy_is_refused_with_which_may_be_meant():
    """It was told the kinds of policies, as if a new one had been asked for."""
    with pytest.raises(ConfigError, match=r"did you mean max_egov\? in force: call_restriction, "):
        load_config("+scenario=call_ban", "policies.max_egv.rate=0.1")


@pytest.mark.parametrize(
    ("given", "advice"),
    [
        ("2", "allowed: KEY=VALUE without spaces"),
        ("callban", "did you mean +scenario=call_ban?"),
        ("seed=range(2", "seed=range(2: cannot be read"),
    ],
)
def test_a_mistake_in_a_sweep_is_reported_in_the_same_words(given, advice):
    with pytest.raises(ConfigError) as error:
        expand(["seed=1,2", given])
    assert advice in str(error.value)
    assert "hydra.cc" not in str(error.value)


def test_a_dash_for_a_tilde_is_refused():
    """Hydra reads `-p` with a value, and the policy stayed in force without a word."""
    process = simulated("-policies.max_egov", *TINY)
    assert process.returncode == 2
    assert "-policies.max_egov: allowed: ~policies.NAME" in process.stderr


def test_who_only_looks_hears_of_a_mistake_in_the_same_words():
    process = simulated("--cfg", "job", "+scenario=callban")
    assert process.returncode == 2
    assert "did you mean call_ban?" in process.stderr
    assert "HYDRA_FULL_ERROR" not in process.stderr


@pytest.mark.parametrize(
    ("words", "status", "advice"),
    [
        (["--help", "+scenario=callban"], 2, "did you mean call_ban?"),
        (["-m", "--cfg", "job", "seed=1,2"], 2, "-m --cfg: allowed: --cfg job"),
        (["-m", "seed=1,2", "hydra.sweep.dir=pyproject.toml/runs", *TINY], 1, "Not a directory"),
    ],
)
def test_what_hydra_would_end_with_a_traceback_ends_in_a_line(words, status, advice):
    process = simulated(*words)
    assert process.returncode == status
    assert advice in process.stderr


def test_a_policy_of_another_world_is_not_to_be_dropped_from_this_one():
    with pytest.raises(ConfigError) as error:
        load_config("compare_to=[call_ban_only]", "start=2025-09-01")
    assert "or leave its scenario out of compare_to)" in str(error.value)
    with pytest.raises(ConfigError, match=r"with ~policies\.call_restriction"):
        load_config("+scenario=call_ban_only", "start=2025-09-01")


def test_a_scenario_named_twice_is_refused_with_how_to_compose():
    with pytest.raises(ConfigError, match=r"\+scenario=\[NAME,NAME\]"):
        load_config("+scenario=call_ban", "+scenario=full_block")


def test_an_option_that_is_none_is_answered_with_those_that_are():
    process = simulated("--scenario", "call_ban")
    assert process.returncode == 2
    assert "--quiet" in process.stderr
    assert "+scenario=NAME" in process.stderr
