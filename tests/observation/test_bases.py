"""Bases of figures besides ages, and the notes on a case that nothing is wrong with."""

import shutil

import pandas as pd
import pytest

from sim import load_config
from sim.base.errors import ConfigError
from sim.config.settings import BANDS
from sim.observation import observed
from sim.observation.notes import growth, notes
from sim.observation.residuals import readings

HEADER = ",".join(observed.COLUMNS)


def of_lines(tmp_path, *lines):
    """Return a configuration of the shipped case with other figures."""
    (tmp_path / "data").mkdir()
    for name in ("population.csv", "events.csv", "labels.csv"):
        shutil.copy(load_config().case.data / name, tmp_path / "data" / name)
    table = "\n".join([HEADER, *lines, ""])
    (tmp_path / "data/observations.csv").write_text(table, encoding="utf-8")
    config = load_config()
    case = config.case.model_copy(update={"folder": str(tmp_path)})
    return config.model_copy(update={"case": case})


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("monthly_reach,all,50,percent,users 12+", r"users of the month; allowed for daily_reach"),
        ("monthly_reach,all,50,percent,devices", r"devices are no people; allowed: changes"),
        ("monthly_reach,all,50,percent,cities", r"allowed: ages as 12\+, 18\+ or 18-65, or"),
        ("daily_reach,region=moscow,50,percent,users 18+", r"group='region=moscow': allowed: all"),
    ],
)
def test_a_base_that_an_operator_cannot_be_of_is_refused(tmp_path, line, reason):
    config = of_lines(tmp_path, f"2025-08,,max,m,{line},,,P,panel,show,http://a,")
    with pytest.raises(ConfigError, match=reason):
        observed.observations(config)


def test_a_share_of_users_is_divided_by_them_and_a_change_of_devices_needs_no_people(tmp_path):
    config = of_lines(
        tmp_path,
        "2025-08,,telegram,m,daily_reach,all,60,percent,users 18+,,,P,panel,show,http://a,",
        "2025-08,2025-10,max,m,monthly_reach_change,all,50,percent,devices,,,P,panel,show,http://a,",
    )
    months = pd.date_range("2025-08-01", periods=3, freq="MS")
    reach = {"2025-08": 0.4, "2025-09": 0.5, "2025-10": 0.6}
    rows = [
        ("as_happened", 0, month, group, name, "any", measure, value)
        for month in months
        for group in ("all", *(f"age={band}" for band in BANDS))
        for name in ("telegram", "max")
        for measure, value in (("mau", reach[f"{month:%Y-%m}"]), ("dau", 0.1))
    ]
    columns = ("scenario", "run", "date", "group", "platform", "channel", "measure", "value")
    found = readings(pd.DataFrame(rows, columns=columns), observed.observations(config))
    assert found[0].tolist() == pytest.approx([0.1 / 0.4, 0.6 / 0.4 - 1])


def test_growth_before_the_run_is_reported_and_what_is_off_is_too(tmp_path):
    config = of_lines(
        tmp_path,
        "2024-06,,telegram,m,monthly_reach,all,60,percent,12+,,,P,panel,show,http://a,",
        "2025-06,,telegram,m,monthly_reach,all,66,percent,12+,,,P,panel,show,http://a,",
        "2024-06,,whatsapp,m,monthly_reach,all,80,percent,12+,,,P,panel,show,http://a,",
        "2025-06,,whatsapp,m,monthly_reach,all,80.5,percent,12+,,,P,panel,show,http://a,",
        "2029-06,,whatsapp,m,monthly_reach,all,80,percent,12+,,,P,panel,show,http://a,",
        "2024-06,,vk,m,daily_reach,all,20,percent,12+,,,P,panel,show,http://a,",
        "2025-06,,vk,m,daily_reach,all,16,percent,12+,,,P,panel,show,http://a,",
    )
    (fell,) = growth(config)  # Telegram's growth is known
    assert fell.startswith("vk: daily_reach went from 20.0% in 2024-06 to 16.0% in 2025-06")
    assert fell.endswith("a trend (kind: trend) can go on with it")
    shares = config.case.observed_shares
    still = shares["telegram"].model_copy(update={"earlier": None})
    case = config.case.model_copy(update={"observed_shares": shares | {"telegram": still}})
    _, told = growth(config.model_copy(update={"case": case}))
    assert told.startswith(
        "telegram: monthly_reach went from 60.0% in 2024-06 to 66.0% in 2025-06"
    )
    before = 0.738 * 60 / 66  # as much as the panel saw, of the reach of the start
    assert told.endswith(
        f"case.observed_shares.telegram.earlier={{date: 2024-06-01, reach: {before:.3g}}} "
        "lets it go on"
    )
    said = "\n".join(notes(config))
    assert "no two contacts agree to call on whatsapp, telegram" in said
