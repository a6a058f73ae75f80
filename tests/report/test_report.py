"""The report: its numbers are those of the tables, it stands alone, and costs are beside reach."""

import re
import shutil
from dataclasses import replace
from html import unescape

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from sim import load_config
from sim.config.titles import policy_title
from sim.observation.months import monthly_mean
from sim.plotting.files import save_as
from sim.report.__main__ import main
from sim.report.descriptions import description, descriptions
from sim.report.facts import fact_table, facts
from sim.report.glossary import words
from sim.report.page import write_report
from sim.report.run_folder import run_to_folder
from sim.report.summary import monthly_series, warnings
from sim.report.tiles import beside, tiles
from sim.runs.manifest import OVERRIDES, note_file
from sim.runs.run import compare
from sim.runs.tables import read_result

SMALL = ("population.n_users=300", "replications=3")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return the folder of a run with a counterfactual."""
    path = tmp_path_factory.mktemp("run")
    run_to_folder(load_config("+scenario=call_ban", *SMALL), path)
    return path


def page(folder):
    return (folder / "report.html").read_text(encoding="utf-8")


def contrast(one, other):
    """Return the contrast of two colours (WCAG 2)."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour):
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in channels]
    return np.dot(linear, [0.2126, 0.7152, 0.0722])


def plain(text):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))


def test_numbers_are_paired_differences_of_monthly_means(folder):
    table = read_result(folder).timeseries
    rows = table[(table["group"] == "all") & (table["measure"] == "exposure_phone")]
    rows = rows[rows["channel"] == "any"]
    months = {}
    for name in ("call_ban", "mandate_only"):
        means = monthly_mean(rows[rows["scenario"] == name])
        months[name] = means.set_index(["date", "replication"])["value"]
    effect = (months["call_ban"] - months["mandate_only"]).xs(pd.Timestamp("2025-12-01"))
    low, median, high = np.quantile(effect, [0.05, 0.5, 0.95])
    signed = [f"{100 * x:+.1f}".replace("-", "\N{MINUS SIGN}") for x in (low, high)]
    words = f"{100 * abs(median):.1f} points {'more' if median >= 0 else 'less'}"
    assert f"{words} ({signed[0]} to {signed[1]}) is readable by the state" in plain(page(folder))


def test_words_under_a_figure_are_those_of_the_figure(folder, tmp_path):
    """A label with & was told as &amp;."""
    said = 'AT&T <calls> and "messages"'
    copy = shutil.copytree(folder, tmp_path / "run")
    figure = Figure()
    figure.set_label(said)
    save_as(figure, copy / "reach", "svg")
    note_file(copy / "reach.svg")
    write_report(read_result(copy), copy)
    shown = re.findall(r"<figcaption>(.*?)</figcaption>", page(copy))
    assert said in map(unescape, shown)
    assert "<calls>" not in page(copy)


def test_a_report_stands_alone(folder):
    html = page(folder)
    for word in ("<script src", "<link", "<img", " src=", "@import"):
        assert word not in html
    assert set(re.findall(r"url\((.)", html)) == {"#"}  # parts of figures in the same file
    assert len(html) < 2_000_000


def test_every_link_of_the_page_leads_to_one_place_in_it(folder):
    html = page(folder)
    ids = re.findall(r' id="([^"]*)"', html)
    assert len(set(ids)) == len(ids)
    inside = re.findall(r'href="#([^"]*)"', html) + re.findall(r"url\(#([^)]*)\)", html)
    assert len(inside) > 100
    assert set(inside) <= set(ids)


def test_every_figure_has_a_text_in_its_place(folder):
    alts = re.findall(r'<svg role="img" aria-label="([^"]*)"', page(folder))
    assert all(len(alt) > 30 for alt in alts)
    assert len(set(alts)) == 7  # the first figure is drawn twice


def test_identifiers_do_not_stand_in_print(folder):
    """They are in commands and file names alone."""
    unread = r"<(code|pre|style).*?</\1>| (id|href|class)=\"[^\"]*\""
    told = re.sub(unread, "", page(folder), flags=re.S)
    for word in ("mandate_only", "max_egov", "age=", "type=", "state_averse"):
        assert word not in plain(told)
    assert "aged 12\N{EN DASH}17" in told


def test_the_finding_is_the_title_and_what_it_costs_is_on_the_first_screen(folder):
    found = facts(read_result(folder))
    first = plain(page(folder).partition("<nav")[0].partition("<h1>")[2])
    assert first.startswith(found.finding)
    for tile in tiles(found):
        assert f"{tile.number} {tile.of} {tile.clause}" in first
    assert beside(found) in first
    assert "does not predict" in first


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_are_readable_on_the_page_in_both_schemes(folder, scheme):
    """WCAG AA asks for a contrast of 4.5."""
    style = page(folder).partition("<style>")[2]
    light, dark = re.findall(r":root \{(.*?)\}", style, re.S)[:2]
    tones = dict(re.findall(r"--(\w+): (#\w+)", light if scheme == "light" else dark))
    for ground in ("page", "panel"):
        for ink in ("ink", "muted", "accent"):
            assert contrast(tones[ink], tones[ground]) >= 4.5, (ink, ground)
    assert contrast(tones["ink"], tones["missed"]) >= 4.5


def test_a_phone_shows_no_text_of_less_than_eleven_pixels(folder):
    svg = (folder / "headline_phone.svg").read_text()
    width = float(re.search(r'viewBox="0 0 ([\d.]+)', svg)[1])
    sizes = [float(size) for size in re.findall(r"font-size: ([\d.]+)px", svg)]
    assert min(sizes) * (390 - 32) / width >= 11.0


def test_adoption_never_stands_without_its_cost(folder):
    text = plain(page(folder))
    for word in (
        "Readable by phone, %",
        "Readable on apps, %",
        "Displaced calls, %",
        "No means of calling, %",
        "Worse off, %",
        "Welfare",
    ):
        assert word in text


def test_a_report_says_what_is_missed_whence_it_comes_and_how_to_do_it_again(folder):
    text = plain(page(folder))
    missed = r"\d+ of \d+ observed points are missed by over 3 times the error of the source"
    assert re.search(missed + "; they are of what happened, not of this scenario", text)
    assert "This scenario is not what happened" in text
    assert "Mediascope" in text
    assert "started from Python; config.yaml next to this page" in text
    (folder / OVERRIDES).parent.mkdir()
    (folder / OVERRIDES).write_text("- +scenario=call_ban\n- seed=3\n")
    write_report(read_result(folder), str(folder))
    assert "python -m sim +scenario=call_ban seed=3" in plain(page(folder))
    assert "seed 1, 3 replications of 300 users" in text
    assert "may not be quoted as a forecast" in text
    assert "no optimiser over what a regulator does" in text


def test_policies_stand_in_the_order_in_which_they_begin(folder):
    config = read_result(folder).config
    row = r"<tr><td>([^<]+)</td><td>[^<]+</td><td>(\d{4}-\d\d-\d\d)</td>"
    rows = re.findall(row, page(folder))
    assert {name for name, _ in rows} == {policy_title(name) for name in config.policies}
    begun = [start for _, start in rows]
    assert begun == sorted(begun)
    assert len(set(begun)) > 3


def test_a_changed_scenario_is_a_variant_and_the_page_says_what_changed(folder, tmp_path):
    assert "variant of" not in page(folder).lower()
    copy = shutil.copytree(folder, tmp_path / "run")
    result = read_result(folder)
    policies = result.config.policies
    ban = policies["call_restriction"].model_copy(update={"grade": 0.5})
    changed = result.config.model_copy(update={"policies": policies | {"call_restriction": ban}})
    write_report(replace(result, config=changed), copy)
    text = plain(page(copy)).partition("In sentences")[0]
    line = "A variant of call_ban: policies.call_restriction.grade is 0.5 instead of 0.97."
    assert line in text
    assert line in list(warnings(replace(result, config=changed)))
    assert text.count("variant of banning calls while Max is promoted") >= 1


def test_each_description_of_a_composed_world_is_named():
    told = descriptions(load_config("+scenario=[call_ban,vpn_support]"))
    assert told == f"call_ban: {description('call_ban')} vpn_support: {description('vpn_support')}"
    assert descriptions(load_config("+scenario=call_ban")) == description("call_ban")


def test_words_are_defined_before_the_first_table(folder):
    top = plain(page(folder).partition("<table")[0])
    for word in ("displaced", "worse off", "no means", "welfare"):
        assert f"{word} {plain(words()[word]).replace(chr(39), '&#39;')}" in top


def test_the_table_of_facts_holds_the_numbers_of_the_page(folder):
    found = facts(read_result(folder))
    table = fact_table(found)
    assert {"Readable on apps", "Displaced calls", "Worse off", "WhatsApp, daily"} <= {
        *table.index
    }
    assert list(table) == [
        "Jun 2025", "Dec 2025", "less mandate_only", "less baseline", "observed Dec 2025",
    ]  # fmt: skip
    for line in found.lines:
        effect = line.effects.get("baseline")  # none of what compares with mandate_only
        assert (effect is None) == line.row.is_paired
        assert table.loc[line.row.label, "less baseline"] == (effect.change if effect else "")


def test_who_moved_is_reported_by_age_region_and_type(folder):
    groups = facts(read_result(folder)).groups
    assert {name.split("=")[0] for name in groups.index} == {"age", "region", "type"}
    assert list(groups.columns)[-2:] == ["readable by phone", "readable on apps"]
    assert groups["whatsapp"].notna().all()
    assert groups.index[0] == "age=12-17"


def test_who_moved_is_of_the_same_month_as_what_everybody_did():
    """Of the week of 29 December three days count, in which as_happened throttles WhatsApp."""
    result = compare(load_config("+scenario=as_happened", *SMALL))
    assert "of this scenario" not in facts(result).answer[-1]
    old = result.timeseries[result.timeseries["group"] == "age=65+"].assign(group="all")
    whatsapp = [
        monthly_series(old, name).loc[(pd.Timestamp("2025-12-01"), "whatsapp", "any", "dau")]
        for name in ("as_happened", "trend_only")
    ]
    expected = 100 * (whatsapp[0] - whatsapp[1]).median()
    assert facts(result).groups.loc["age=65+", "whatsapp"] == pytest.approx(expected)


def test_a_report_written_anew_is_the_same(folder, capsys):
    before = page(folder)
    main([str(folder)])
    assert page(folder) == before
    assert str(folder / "report.html") in capsys.readouterr().out
