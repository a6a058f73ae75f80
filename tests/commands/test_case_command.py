"""What the command that checks a case prints, and what the pages tell of cases."""

import shutil

import pytest

from sim import load_config
from sim.commands import case
from sim.config.conf import CASES as SHIPPED
from sim.observation.operators import OPERATORS
from sim.observation.sources import GRADES
from sim.report import run_folder
from sim.report.facts import facts
from sim.report.run_folder import run_to_folder
from sim.report.summary import warnings
from tests.helpers.cli import REPO

CASES = sorted(path.name for path in SHIPPED.iterdir())
MINE = "russia_instagram_2022"


@pytest.fixture
def folder(tmp_path):
    """Return a copy of a case, in a folder whose name is not easy."""
    return shutil.copytree(SHIPPED / MINE, tmp_path / "my case, too")


OF_CASE, OF_PLATFORMS = f"conf/case/{MINE}.yaml", f"conf/platforms/{MINE}.yaml"
OF_SCENARIO, TABLE = f"conf/scenario/{MINE}.yaml", "data/observations.csv"


def test_the_command_says_what_is_wrong_and_fails(folder, capsys):
    case.main([str(folder)])
    assert "figures: 26, to be fitted: 12. Nothing is wrong" in capsys.readouterr().out
    (folder / OF_CASE).unlink()
    with pytest.raises(SystemExit, match="0 files in conf/case; allowed: one"):
        case.main([str(folder)])
    with pytest.raises(SystemExit):
        case.main([])
    assert "arguments are required: folder" in capsys.readouterr().err


def test_the_guide_tells_of_every_column_operator_and_grade():
    text = (REPO / "docs/howto_case.md").read_text(encoding="utf-8")
    for name in (*OPERATORS, *GRADES):
        assert f"`{name}`" in text
    for name, grade in GRADES.items():
        row = next(line for line in text.splitlines() if line.startswith(f"| `{name}`"))
        assert grade.meaning in row
        assert row.endswith("| yes |" if grade.may_fit else "| no |")
        assert f"| {grade.level:g}" in row
        assert f"| {grade.change:g} |" in row


def test_the_page_of_cases_tells_of_every_case():
    text = (REPO / "docs/cases.md").read_text(encoding="utf-8")
    for name in CASES:
        assert f"\n## {name}\n" in text


def test_figures_of_some_people_stand_in_no_line_of_all_and_are_called_theirs(
    folder, tmp_path, monkeypatch
):
    """Adults' reach stood beside that of everybody over 12 as if it were the same."""
    monkeypatch.setattr(run_folder, "save_figures", lambda *_: None)
    head, *_ = (folder / TABLE).read_text(encoding="utf-8").splitlines()
    some = [
        f"2022-03,,telegram,reach,monthly_reach,{group},{value},percent,{base},,,P,panel,fit,"
        "https://example.org,"
        for group, value, base in (("all", 31, "18+"), ("age=12-17", 32, "12+"))
    ]
    (folder / TABLE).write_text("\n".join([head, *some, ""]), encoding="utf-8")
    config = load_config(f"case_dir={folder}", "population.n_users=300", "replications=1")
    result = run_to_folder(config, tmp_path / "run")
    found = facts(result)
    assert list(found.observed["value"]) == [0.31, 0.32]
    assert {line.observed for line in found.lines} == {""}
    assert "Telegram monthly, 18+ Mar 2022" in " ".join(warnings(result))
    page = (tmp_path / "run/report.html").read_text(encoding="utf-8")
    assert "<td>monthly, 18+</td>" in page
    assert "<td>monthly, age=12-17</td>" in page


@pytest.mark.parametrize(("sign", "name"), [(";", "semicolons"), ("\t", "tabs")])
@pytest.mark.parametrize("path", [TABLE, "data/population.csv"])
def test_a_table_that_a_spreadsheet_has_saved_with_other_signs_is_named(folder, path, sign, name):
    """All columns were called missing."""
    text = (folder / path).read_text(encoding="utf-8").replace(",", sign)
    (folder / path).write_text(text, encoding="utf-8")
    said = list(case.problems(str(folder)))
    file = path.removeprefix("data/")
    assert said == [f"{file}, line 1: separated by {name}; allowed: commas"]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("second.yml", "not read; allowed: second.yaml"),
        ("zweites_für.yaml", "allowed in its name: A to Z, a to z, 0 to 9, _, -"),
        ("my ban.yaml", "allowed in its name: A to Z, a to z, 0 to 9, _, -"),
    ],
)
def test_a_scenario_that_could_not_be_asked_for_is_named(folder, path, said):
    """It was found to be without fault."""
    shutil.copy(folder / OF_SCENARIO, folder / "conf/scenario" / path)
    assert list(case.problems(str(folder))) == [f"conf/scenario/{path}: {said}"]
