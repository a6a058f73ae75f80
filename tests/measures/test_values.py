"""Measures of each group, by hand from its users (docs/specification.md, 4.12)."""

import datetime as dt
from functools import cache

import numpy as np
import pytest

from sim.config.settings import BANDS, TYPES
from sim.measures.series import step_series
from tests.helpers.toys import as_toy, chats_by_messenger, from_fixed_point, step_records_of
from tests.helpers.worlds import advanced, simulation, world

EVENTFUL = (
    "+scenario=[as_happened,fraud_only_measures,vpn_support]", "behaviour.second_phone=0.5",
    "platforms.telegram.state_access=0.3", "platforms.cellular.state_access=0.8",
    "abuse.fraud.incident_rate=0.005",
)  # fmt: skip
STEPS = 40  # messages have begun to fail
CELLULAR = 6  # its column beside messengers


class Seen:
    """A step: its users as it found them, what they said, and what was recorded of them."""

    def __init__(self):
        config, start = world(*EVENTFUL)
        run = advanced(simulation(config, start), STEPS)
        before = as_toy(run.state)
        run.step()
        for name in ("platform", "moved", "bound"):  # chats move before users look
            getattr(before.chats, name)[:] = getattr(run.state.chats, name)
        self.config, self.env, self.params = config, run.env, run.state.params
        self.users, self.abuse = before.users.copy(), run.state.abuse.copy()
        self.step_records = step_records_of(before, run.env)
        self.rows = run.recorder.observations.steps[-1]
        self.columns = {s: k for k, s in enumerate(step_series(config))}
        self.of = {"all": np.ones(len(self.users), bool)}
        self.of |= {f"age={band}": self.users.band == k for k, band in enumerate(BANDS)}
        regions = enumerate(config.population.regions)
        self.of |= {f"region={name}": self.users.place // 2 == k for k, name in regions}
        self.of |= {f"type={name}": self.users.type == k - 1 for k, name in enumerate(TYPES)}

    def groups(self):
        """Yield each group's row of values, and who belongs to it."""
        assert len(self.rows) == len(self.of)
        yield from zip(self.rows, self.of.values(), strict=True)

    def platforms(self):
        return [*enumerate(self.config.messengers), (CELLULAR, "cellular")]

    def has(self, p):
        return (self.users.installed & self.users.account) >> p & 1

    def said(self, c, p):
        """Return what users say over a platform, relative to what the average says in all."""
        calls = self.users.call_share.astype(float)
        share = (1 - calls, calls)[c] * self.step_records.use[:, c, p].astype(float)
        return share * from_fixed_point(intensity=self.users.intensity)

    def arrive(self, kind, p):
        if p == CELLULAR:
            return np.ones(len(self.users))
        name, c = self.config.messengers[p], int(kind.channel)
        if ("message", "call")[c] not in self.config.platforms[name].channels:
            return np.zeros(len(self.users))
        return self.has(p) * self.env.availability[self.users.place, c, p]

    def incidents(self, kind):
        found = 0.0
        for p, _ in self.platforms():
            caught = self.env.effects.detection[p]
            found += kind.share[p] * self.arrive(kind, p) * kind.conversion[p] * (1 - caught)
        return kind.total * found * kind.vulnerability[self.users.band]


@cache
def seen():
    return Seen()


def by_user(s):
    """Return every measure that is a mean over users, as one number a user, by its series."""
    found, step_records, users = {}, s.step_records, s.users
    bits = {"installed": "installed", "account": "account", "mandated": "mandated",
            "second_phone": "second"}  # fmt: skip
    homes = np.zeros(len(users))
    for p, name in s.platforms()[:-1]:
        found |= {(name, "any", measure): users[f] >> p & 1 for measure, f in bits.items()}
        found[name, "any", "dau"] = 1 - np.exp(-step_records.openings[:, p].astype(float))
        found[name, "any", "chats"] = chats_by_messenger(step_records)[:, p]
        homes += s.has(p)
    found["any", "any", "multihoming"] = homes
    for c, channel in enumerate(("message", "call")):
        for p, name in s.platforms():
            found[name, channel, "use"] = s.said(c, p)
        for field in ("reachable", "secure"):
            found["any", channel, field] = step_records[field][:, c]
        missed = 1 - step_records.abroad[:, c].astype(float)  # the phone is dear abroad alone
        weight = s.config.population.abroad.weight
        found["any", channel, "no_means"] = weight * missed * (users.abroad == 1)
    found["any", "any", "welfare"], found["any", "any", "vpn"] = (
        step_records.welfare,
        users.place & 1,
    )
    for kind, name in zip(s.abuse, s.config.abuse, strict=True):
        for p, platform in s.platforms():
            attempts = kind.total * kind.share[p] * s.arrive(kind, p) / kind.arriving
            found[platform, "any", f"{name}_attempts"] = attempts
        found["any", "any", f"{name}_incidents"] = s.incidents(kind)
    fraud = s.incidents(s.abuse[list(s.config.abuse).index("fraud")])
    found["any", "any", "fraud_losses"] = fraud * s.env.effects.loss
    return found


def test_a_groups_value_is_the_mean_over_its_users():
    s = seen()
    for series, numbers in by_user(s).items():
        for row, mine in s.groups():
            expected = numbers[mine].astype(float).mean()
            assert row[s.columns[series]] == pytest.approx(expected, rel=1e-5, abs=1e-7), series


def test_so_much_is_in_force_that_no_factor_can_be_left_out():
    s = seen()
    assert s.env.effects.loss < 1
    assert (s.env.effects.detection > 0).sum() > 2
    assert {"fraud"} < set(s.config.abuse)
    assert ((s.env.availability > 0) & (s.env.availability < 1)).any()
    assert (s.users.place & 1).any()
    for field in ("installed", "second", "victim"):
        assert s.users[field].any()
    for kind in s.abuse:
        assert kind.total != 1
        assert kind.arriving < 1


def test_exposure_is_the_share_of_a_groups_talk_that_the_state_can_read():
    s = seen()
    access = s.env.effects.access
    step_record = np.array([[s.said(c, p) for p, _ in s.platforms()] for c in (0, 1)])
    read = np.array([[access[p] * s.said(c, p) for p, _ in s.platforms()] for c in (0, 1)])
    apps = np.arange(step_record.shape[1]) < step_record.shape[1] - 1
    for row, mine in s.groups():
        for name, by in (("exposure_apps", apps), ("exposure_phone", ~apps)):
            expected = read[:, by][..., mine].sum() / step_record[..., mine].sum()
            assert row[s.columns["any", "any", name]] == pytest.approx(expected, rel=1e-5)
        parts = (
            (read[0], step_record[0]),
            (read[1], step_record[1]),
            (read.sum(0), step_record.sum(0)),
        )
        for channel, (open_to_it, said) in zip(("message", "call", "any"), parts, strict=True):
            expected = open_to_it[:, mine].sum() / said[:, mine].sum()
            found = row[s.columns["any", channel, "exposure"]]
            assert found == pytest.approx(expected, rel=1e-5)


def test_those_exposed_and_the_primary_messengers_are_counted_user_by_user():
    s = seen()
    calls = s.users.call_share.astype(float)[:, None]
    n, access = len(s.config.messengers), s.env.effects.access
    use = s.step_records.use[:, :, :n].astype(float)
    share = (1 - calls) * use[:, 0] + calls * use[:, 1]
    exposed = share @ access[:n] > 0.1 * share.sum(axis=1)
    primary = np.where(share.any(axis=1), share.argmax(axis=1), CELLULAR)
    for row, mine in s.groups():
        assert row[s.columns["any", "any", "exposed"]] == pytest.approx(exposed[mine].mean())
        for p, name in s.platforms():
            found = row[s.columns[name, "any", "primary"]]
            assert found == pytest.approx((primary == p)[mine].mean())


def test_reach_abroad_is_a_mean_over_those_of_a_group_who_have_somebody_there():
    s = seen()
    for row, mine in s.groups():
        there = mine & (s.users.abroad == 1)
        for c, channel in enumerate(("message", "call")):
            expected = (
                s.step_records.abroad[there, c].astype(float).mean() if there.any() else np.nan
            )
            found = row[s.columns["any", channel, "reachable_abroad"]]
            assert found == pytest.approx(expected, rel=1e-5, nan_ok=True)


def test_flows_count_users_by_where_they_talked_most_then_and_now():
    config, start = world("+scenario=total_block")
    run, seen = simulation(config, start), {}
    while len(run.recorder.observations.flows) < 4:
        date = config.start + dt.timedelta(days=run.n_done * config.step_days)
        run.step()
        seen[date] = run.recorder.primary.copy()
    columns = [*range(len(config.messengers)), CELLULAR]
    for flow in run.recorder.observations.flows:
        was, env = seen[flow.from_date], seen[flow.to_date]
        expected = [[((was == p) & (env == q)).mean() for q in columns] for p in columns]
        assert flow.table == pytest.approx(np.array(expected))
    moved = [1 - np.trace(flow.table) for flow in run.recorder.observations.flows]
    assert 0.1 < max(moved) < 1  # in the month of the block


def test_a_month_that_begins_inside_a_step_is_scaled_by_its_own_days():
    """One step, of a day of May and 29 days of June: 29 / 30 of what June would have seen."""
    rates = ("behaviour.install_rate=0.01", "behaviour.drop_rate=0.01")
    config, start = world("start=2025-05-31", "step_days=30", "dur_days=30", *rates)
    run = advanced(simulation(config, start), 1)
    openings = step_records_of(as_toy(start), run.env).openings.astype(float)
    ((first, reach),) = run.recorder.observations.months
    assert first == dt.date(2025, 6, 1)
    expected = (1 - np.exp(-30 * openings)).mean(axis=0)[: len(config.messengers)]
    assert reach[0] == pytest.approx(expected, rel=1e-5)
