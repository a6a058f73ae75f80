"""A case that would grow without end when it is read is refused before it does."""

import shutil

import pytest

from sim import load_config
from sim.commands import case
from sim.config.case_files import MOST_FILES
from sim.config.conf import CASES
from tests.helpers.case_copy import CASE, GLOBAL, OF_PLATFORMS, append, change, refused


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(CASES / CASE, tmp_path / "case")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            "evil: !!python/object/apply:os.system ['true']\n",
            "the tag tag:yaml.org,2002:python/obj",
        ),
        ("evil: !!str x\n", "the tag tag:yaml.org,2002:str; allowed: values without one"),
        ("evil: ! x\n", "the tag !; allowed"),
        ("evil: " + "[" * 1000 + "]" * 1000 + "\n", "nested too deeply; allowed: up to 20 levels"),
        ("evil: " + "{a: " * 1000 + "}" * 1000 + "\n", "nested too deeply"),
        ("evil: &a [*a]\n", "too much, aliases followed; allowed: up to 20000"),
        ("evil: *nobody\n", "found undefined alias"),
        ("--- {}\n", "but found another document"),
        (f"evil: [{'1,' * 30_000}]\n", "too much, aliases followed"),
    ],
)
def test_what_explodes_when_it_is_read_is_not_read(folder, text, reason):
    line = append(folder, OF_PLATFORMS, text)
    assert f"{OF_PLATFORMS}, line {line}: no YAML: " in refused(folder)
    assert reason in refused(folder)


def test_nine_by_nine_aliases_are_not_followed(folder):
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{k}: &a{k} [{', '.join([f'*a{k - 1}'] * 9)}]" for k in range(1, 10)]
    append(folder, OF_PLATFORMS, "\n".join([*lines, ""]))
    assert "no YAML: too much, aliases followed; allowed: up to 20000 keys and" in refused(folder)


def test_an_alias_is_allowed(folder):
    change(folder, OF_PLATFORMS, "belief: {", "belief: &same {")
    text = (folder / OF_PLATFORMS).read_text(encoding="utf-8")
    second = text.index("belief: {")
    text = text[:second] + "belief: *same" + text[text.index("}", second) + 1 :]
    (folder / OF_PLATFORMS).write_text(text, encoding="utf-8")
    assert list(case.problems(str(folder))) == []


def test_files_that_bring_each_other_without_end_are_refused(folder):
    """Two to the power of their number were read."""
    for k in range(30):
        brings = f"defaults: [s{k + 1}, /scenario/s{k + 1}]\n" if k < 29 else ""
        append(folder, f"conf/scenario/s{k}.yaml", f"{GLOBAL}{brings}compare_to: []\n")
    append(folder, "conf/scenario/round.yaml", f"{GLOBAL}defaults: [about]\n")
    append(folder, "conf/scenario/about.yaml", f"{GLOBAL}defaults: [round]\n")
    said = refused(folder)
    for name in ("s0", "s20", "round", "about"):
        assert f"conf/scenario/{name}.yaml: defaults: includes itself, or more than" in said
    assert "s29" not in said


def test_the_longest_chain_of_files_that_is_allowed_is_read(folder):
    n = MOST_FILES - 4
    for k in range(n):
        brings = f"defaults: [s{k + 1}, _self_]\n" if k < n - 1 else ""
        append(folder, f"conf/scenario/s{k}.yaml", f"{GLOBAL}{brings}compare_to: []\n")
    assert load_config(f"case_dir={folder}", "+scenario=s0").compare_to == ()
    append(folder, "conf/scenario/more.yaml", f"{GLOBAL}compare_to: []\n")
    assert refused(folder) == f"conf: {MOST_FILES + 1} files; allowed: up to {MOST_FILES}"
