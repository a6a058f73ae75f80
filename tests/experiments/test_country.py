"""The page on a run of a whole country, of a village here."""

import re

import pytest

from experiments import country
from tests.helpers.cli import simulated


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("country") / "run"
    done = simulated(
        "--quiet", "+scenario=as_happened", "population.n_users=3000",
        "replications=1", "compare_to=[]", f"hydra.run.dir={path}",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return path


def test_the_page_says_what_the_run_took_and_what_a_sample_misses(folder, monkeypatch, capsys):
    monkeypatch.setattr(country, "SMALL", 500)
    country.main(folder)
    page = capsys.readouterr().out
    assert page.startswith("# A country of 3,000 users\n")
    assert "nan" not in page
    took = float(re.search(r"simulate \[s\] \| ([\d.]+)", page)[1])
    assert took > 0
    for measure in country.MEASURES:
        everybody, age, region, worst = map(
            float, re.search(rf"^\| {measure} \| (.*) \|$", page, re.M)[1].split(" | ")
        )
        assert 0 <= everybody <= age < worst
        assert everybody < region < worst
