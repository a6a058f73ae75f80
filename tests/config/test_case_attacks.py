"""A case holds no code: what was tried with a stranger's case, each with a real attempt."""

import os
import shutil
import sys

import pytest

from sim import load_config
from sim.base.errors import ConfigError
from sim.commands import case
from sim.commands.scenarios import main as scenarios
from sim.config import compose as schema
from sim.config.conf import CASES, CONF
from sim.config.jobs import configurations
from tests.helpers.case_copy import (
    CASE,
    GLOBAL,
    OF_CASE,
    OF_PLATFORMS,
    OF_SCENARIO,
    append,
    change,
    refused,
)
from tests.helpers.cli import simulated


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(CASES / CASE, tmp_path / "case")


@pytest.fixture
def victim(tmp_path):
    """Return a file that an attack would empty or make."""
    path = tmp_path / "victim"
    path.write_text("precious", encoding="utf-8")
    yield path
    assert path.read_text(encoding="utf-8") == "precious"


def logging_to(victim):
    """Return handlers of logging.config: one runs a program, the other empties a file."""
    run = f"import pathlib; pathlib.Path({str(victim)!r}).write_text('run')"
    return f"""
hydra:
  job_logging:
    handlers:
      runs: {{'()': psutil.Popen, args: [{sys.executable}, -c, "{run}"]}}
      empties: {{class: logging.FileHandler, filename: {victim}, mode: w}}
    root: {{handlers: [runs, empties]}}
"""


@pytest.mark.parametrize("options", [[], ["-m"], ["--cfg", "job"], ["--help"]])
def test_the_command_runs_and_empties_nothing(folder, victim, options):
    line = append(folder, OF_CASE, logging_to(victim)) + 1
    done = simulated(
        *options,
        f"case_dir={folder}",
        f"hydra.run.dir={folder}/run",
        f"hydra.sweep.dir={folder}/m",
    )
    assert done.returncode == 2, done.stderr
    assert f"{OF_CASE}, line {line}: hydra: unknown key; " in done.stderr
    assert "allowed: scenario" not in done.stderr
    assert "population" in done.stderr
    assert not (folder / "run").exists()


@pytest.mark.parametrize("path", [OF_CASE, OF_SCENARIO, "conf/policy/mine.yaml"])
def test_keys_of_hydra_are_refused_wherever_they_stand(folder, victim, path):
    if "policy" in path:
        append(folder, path, GLOBAL)
    append(folder, path, logging_to(victim))
    assert f"{path}, line " in refused(folder)
    assert ": hydra: unknown key; " in refused(folder, f"+scenario={CASE}")


@pytest.mark.parametrize("group", ["network", "platforms", "population", "abuse", "engine"])
@pytest.mark.parametrize("package", ["_global_", "hydra", "hydra.job_logging", "policies.x"])
def test_the_files_of_a_group_put_their_keys_nowhere_else(folder, victim, group, package):
    append(folder, f"conf/{group}/mine.yaml", f"# @package {package}{logging_to(victim)}")
    said = refused(folder, f"{group}=mine")
    assert f"conf/{group}/mine.yaml, line 1: # @package {package}: allowed: no such line" in said


@pytest.mark.parametrize("head", ["hydra", "hydra.job", "_global_.hydra", "_group_", "policies"])
@pytest.mark.parametrize("group", ["scenario", "policy"])
def test_a_scenario_and_a_policy_put_their_keys_nowhere_else(folder, group, head):
    append(folder, f"conf/{group}/mine.yaml", f"# @package {head}\nchdir: true\n")
    assert f"conf/{group}/mine.yaml, line 1: needed: # @package" in refused(folder)


def test_a_second_line_of_package_does_not_overrule_the_first(folder):
    change(folder, OF_SCENARIO, GLOBAL, f"{GLOBAL}\n#  @package hydra\n")
    assert f"{OF_SCENARIO}, line 3: #  @package hydra: allowed: in the first" in refused(folder)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("hydra: {job: {env_set: {LD_PRELOAD: /tmp/evil.so}}}", "hydra"),
        ("hydra: {searchpath: ['file:///tmp/evil']}", "hydra"),
        ("hydra: {output_subdir: ../../evil}", "hydra"),
        ("hydra: {run: {dir: ../../evil}}", "hydra"),
        ("hydra: {callbacks: {evil: {_target_: hydra.experimental.Callback}}}", "hydra"),
        ('"hydr\\x61": {job: {chdir: true}}', "hydra"),
        ("? hydra\n: {job: {chdir: true}}", "hydra"),
        ("<<: {hydra: {job: {chdir: true}}}", "<<"),
        ("hydra.job.chdir: true", "hydra.job.chdir"),
        ("hydra/job_logging: evil", "hydra/job_logging"),
        ("scenario: evil", "scenario"),
        ("counterfactuals: {}", "counterfactuals"),
        ("_target_: os.system", "_target_"),
    ],
)
def test_keys_out_of_the_schema_are_refused(folder, text, key):
    line = append(folder, OF_CASE, f"{text}\n")
    assert f"{OF_CASE}, line {line}: {key}: unknown key; " in refused(folder)


@pytest.mark.parametrize(
    "entry",
    [
        "override hydra/job_logging: evil",
        "override /hydra/job_logging: disabled",
        "/hydra/launcher: joblib",
        "/hydra/job_logging/evil",
        "hydra/job_logging: evil",
        "/policy/mine@hydra",
        "/policy/mine@_global_",
        "/policy/mine@_global_.hydra",
        "/policy/mine@policies.x.y:z",
        "/policy@hydra: mine",
        "/policy: ../../data/evil",
        "../../data/evil",
        "/policy/../../data/evil",
        "/cluster/local",
        "/cluster: local",
        "/config",
        "policy: ${oc.env:HOME}",
        "{}",
        "[mine]",
    ],
)
def test_defaults_bring_nothing_but_files_of_cases(folder, entry):
    own = "conf/policy/mine.yaml"
    append(folder, own, GLOBAL)
    for path in (OF_CASE, OF_PLATFORMS, own):
        append(folder, path, f"defaults:\n  - {entry}\n  - _self_\n")
    said = refused(folder).splitlines()
    for path in (OF_CASE, OF_PLATFORMS, own):
        refusals = [line for line in said if line.startswith(f"{path}, line ")]
        assert any(": defaults: " in line for line in refusals)
        assert any("allowed: _self_, NAME, /policy/NAME, " in line for line in refusals)


def test_defaults_that_are_written_as_allowed_are_read(folder):
    append(
        folder,
        "conf/policy/mine.yaml",
        "# @package policies.mine\nkind: campaign\nplatform: bip\nawareness_rate: 0.1\n"
        "trial_rate: 0.1\nstart: 2021-01-10\n",
    )
    entries = ("/policy/mine@policies.other", "/policy/mine", "override /network: erdos_renyi")
    lines = "".join(f"  - {entry}\n" for entry in entries)
    change(folder, OF_SCENARIO, "  - _self_\n", f"{lines}  - _self_\n")
    assert list(case.problems(str(folder))) == []
    config = load_config(f"case_dir={folder}", f"+scenario={CASE}")
    assert config.policies["mine"] == config.policies["other"]
    assert config.network.kind == "erdos_renyi"


@pytest.mark.parametrize(
    "path",
    [
        "conf/hydra/job_logging/evil.yaml",
        "conf/config.yaml",
        "conf/sim_schema.yaml",
        "conf/cluster/local.yaml",
        "conf/design/mine.yaml",
        "conf/scenario/hydra/evil.yaml",
        "conf/scenario/evil.yml",
    ],
)
def test_files_stand_only_where_a_case_has_files(folder, path):
    append(folder, path, "root: {level: DEBUG}\n")
    said = refused(folder)
    assert said.startswith("/".join(path.split("/")[: 3 if "scenario" in path else 2]) + ": no")


@pytest.mark.parametrize("name", ["../../data/evil", ".evil", "${oc.env:HOME}"])
@pytest.mark.parametrize("key", ["compare_to", "happened"])
def test_a_scenario_that_a_case_names_is_a_name(folder, victim, key, name):
    """Hydra follows the path to any file, in which there is no telling what stands."""
    append(folder, "data/evil.yaml", GLOBAL + logging_to(victim))
    append(folder, "conf/scenario/.evil.yaml", GLOBAL + logging_to(victim))
    if key == "happened":
        change(folder, OF_CASE, f"  happened: {CASE}", f"  happened: {name}")
    else:
        change(folder, OF_SCENARIO, "compare_to: [baseline]", f'compare_to: ["{name}"]')
    said = "\n".join(case.problems(str(folder)))
    assert name in said
    assert "allowed: names without . /" in said or "refers elsewhere" in said


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        (OF_CASE, 'title: "Turkey', 'title: "${oc.env:HOME} Turkey'),
        (OF_CASE, 'title: "Turkey', 'title: "\\x24{oc.env:HOME} Turkey'),
        (OF_CASE, "happened: ", "happened: &a '${hydra:runtime.cwd}' #"),
        (OF_PLATFORMS, "label: WhatsApp", "'${oc.env:HOME}': WhatsApp"),
        (OF_SCENARIO, "platform: whatsapp", "platform: [{a: '${cores:}'}]"),
    ],
)
def test_what_refers_elsewhere_is_refused(folder, path, old, new):
    change(folder, path, old, new)
    said = refused(folder, f"+scenario={CASE}")
    assert said.startswith(f"{path}, line ")
    assert "allowed: " in said


class TestEveryWayToACase:
    """Whatever lets Hydra search a case, its files are looked at before."""

    @pytest.fixture
    def evil(self, folder, victim):
        append(folder, OF_SCENARIO, logging_to(victim))
        return folder

    @pytest.mark.parametrize(
        "written", ["++case.folder={}", "case.folder={}", "++case.folder='{}'"]
    )
    def test_by_hand(self, evil, written):
        with pytest.raises(ConfigError, match="hydra: unknown key"):
            load_config(f"case={CASE}", written.format(evil))

    @pytest.mark.parametrize("key", ["hydra.searchpath", "+hydra.searchpath", "hydra.searchpath "])
    def test_by_a_search_path(self, evil, key):
        for case_dir in ([], [f"case_dir={CASE}"]):
            with pytest.raises(ConfigError, match=r"not to be set; allowed: case_dir=FOLDER"):
                load_config(*case_dir, f"{key}=['file://{evil}/conf']", f"+scenario={CASE}")

    def test_by_a_sweep(self, evil):
        for case_dir in (f"case_dir={evil}", f"case.folder={evil},{CASES / CASE}"):
            with pytest.raises(ConfigError, match=r"hydra: unknown key|no such folder"):
                list(configurations([case_dir, "seed=1,2"]))

    def test_by_the_stories(self, evil, capsys):
        with pytest.raises(SystemExit):
            scenarios([f"case_dir={evil}"])
        assert "hydra: unknown key" in capsys.readouterr().err

    def test_after_it_was_read_once(self, folder, victim):
        assert load_config(f"case_dir={folder}", f"+scenario={CASE}")
        found = (folder / OF_SCENARIO).stat()
        append(folder, OF_SCENARIO, logging_to(victim))
        os.utime(folder / OF_SCENARIO, ns=(found.st_atime_ns, found.st_mtime_ns))
        with pytest.raises(ConfigError, match="hydra: unknown key"):
            load_config(f"case_dir={folder}", f"+scenario={CASE}")

    @pytest.mark.parametrize("sign", ["'", "$", "\\"])
    def test_by_a_name_that_hydra_takes_for_another(self, evil, sign):
        strange = evil.rename(evil.with_name(f"a{sign}b"))
        for case_dir in (f"case_dir={strange}", f"++case.folder='{strange}'"):
            with pytest.raises(ConfigError, match="allowed: a folder without"):
                load_config(case_dir)


def test_logging_calls_nothing_that_is_named_elsewhere_either(tmp_path, monkeypatch, victim):
    """The second wall, for what stands in conf/ or is typed."""
    conf = shutil.copytree(CONF, tmp_path / "conf")
    monkeypatch.setattr(schema, "CONF", conf)
    (conf / "scenario/naming_code.yaml").write_text(GLOBAL + logging_to(victim), encoding="utf-8")
    typed = "++hydra.job_logging.handlers.x={class: psutil.Popen}"
    for override in ("+scenario=naming_code", typed):
        with pytest.raises(ConfigError, match=r"Popen: a configuration cannot name code to run"):
            load_config(override)
