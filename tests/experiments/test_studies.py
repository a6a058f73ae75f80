"""The pages of the docs say of themselves whether their numbers are those of this behaviour."""

import re

import pytest

from experiments import studies
from experiments.base_study import KEPT
from experiments.studies import DOCS, NOTE, PAGES, PRINTED, Drawing, Page, arguments_of

OTHERS = {"parameters", "precedents"}  # a test holds them to what their commands print
QUICK = Page("parameters", ("parameters",))


def made(name):
    return re.search(r"^(Made|Printed) by `", (DOCS / f"{name}.md").read_text(), re.M)


def test_every_page_that_a_study_makes_is_listed():
    assert {path.stem for path in DOCS.glob("*.md") if made(path.stem)} - OTHERS == {
        *PAGES, "studies",
    }  # fmt: skip


def test_the_list_is_true_and_pages_out_of_date_say_so(tmp_path):
    """If not: python -m experiments.studies --status."""
    drawings = studies.read(DOCS)
    for page in (*PAGES, "studies"):
        (tmp_path / f"{page}.md").write_text((DOCS / f"{page}.md").read_text())
    studies.write(tmp_path, drawings)
    for page in (*PAGES, "studies"):
        assert (DOCS / f"{page}.md").read_text() == (tmp_path / f"{page}.md").read_text(), page
    for name, page in PAGES.items():
        is_old = drawings[name].version != page.version
        assert (NOTE in (DOCS / f"{name}.md").read_text()) == is_old


@pytest.fixture
def docs(tmp_path, monkeypatch):
    """Return the docs of a world with one page, which was drawn long ago."""
    monkeypatch.setattr(studies, "PAGES", {"parameters": QUICK})
    monkeypatch.setattr(studies, "PRINTED", (QUICK,))
    monkeypatch.setattr(studies, "SWEPT", ())
    monkeypatch.setattr(studies, "DOCS", tmp_path)
    (tmp_path / "parameters.md").write_text("# Old\n\nText.\n")
    (tmp_path / "studies.md").write_text("")
    return tmp_path


def test_what_is_out_of_date_is_noted_drawn_and_then_done(docs, capsys):
    studies.main(["--status"])
    assert (docs / "parameters.md").read_text() == f"# Old\n\n{NOTE}\nText.\n"
    assert "1 are out of date, 1 never timed" in capsys.readouterr().out
    studies.main([])
    assert (docs / "parameters.md").read_text() == (DOCS / "parameters.md").read_text()
    assert "0 are out of date" in capsys.readouterr().out
    assert studies.read(docs)["parameters"].version == QUICK.version
    assert studies.minutes(studies.read(docs)["parameters"]) < 5
    studies.main([])
    assert "0 pages" in capsys.readouterr().out


def test_a_command_that_fails_leaves_the_page_as_it_was(docs, monkeypatch):
    broken = Page("parameters", ("record", "no.such.key=1"))
    monkeypatch.setattr(studies, "PAGES", {"parameters": broken})
    monkeypatch.setattr(studies, "PRINTED", (broken,))
    with pytest.raises(SystemExit):
        studies.main([])
    assert (docs / "parameters.md").read_text() == "# Old\n\nText.\n"
    assert {path.name for path in docs.iterdir()} == {"parameters.md", "studies.md"}


def test_a_page_that_its_own_command_has_drawn_is_noted(docs):
    studies.main(["--drawn", "parameters"])
    assert studies.read(docs)["parameters"] == Drawing(QUICK.version)
    assert (docs / "parameters.md").read_text() == "# Old\n\nText.\n"


def test_an_unknown_page_is_refused(docs, capsys):
    with pytest.raises(SystemExit) as stopped:
        studies.main(["nonsense"])
    assert stopped.value.code == 2
    assert "nonsense: no such page; allowed: parameters" in capsys.readouterr().err
    assert (docs / "studies.md").read_text() == ""


def test_a_study_that_was_interrupted_goes_on_in_its_folder(tmp_path):
    page = PAGES["sensitivity"]
    assert arguments_of(page, tmp_path, DOCS)[0] == f"folder={tmp_path}"
    (tmp_path / KEPT).write_text("{}")
    assert arguments_of(page, tmp_path, DOCS)[:2] == ["--resume", str(tmp_path)]


def test_another_behaviour_is_another_version(tmp_path):
    file = tmp_path / "baseline.yaml"
    file.write_text("1")
    page = PRINTED[0]._replace(rests_on=(file,))
    before = page.version
    file.write_text("2")
    assert page.version != before
