"""What must hold of whole runs, whatever the numbers (docs/model.md)."""

import datetime as dt

import numpy as np
import pytest

from sim.config.settings import BANDS
from sim.engine.accumulators import block_sums, flush, observe
from sim.engine.engines import agreements, move_rows
from sim.engine.state import seats
from sim.engine.threads import BLOCK
from sim.kernel.compiled import jit_loop
from sim.kernel.vec16 import WIDTH
from sim.measures.series import step_series
from sim.policies.circumvention import VpnBlocking
from sim.policies.information import InformationEvent, Shock
from sim.policies.promotion import GroupMove
from sim.rules.candidates import candidate_buffer
from sim.rules.choice import CONVERSE, communicate
from sim.rules.choice_memory import working_memory
from sim.rules.marginal_value import evaluate
from sim.rules.packed_state import USABLE
from sim.rules.pairing import apply_agreements
from sim.rules.records import STEP_RECORD, records
from sim.rules.step import after_choice, publish, select, update
from sim.rules.value_queries import value_queries
from tests.helpers.worlds import SMALL, advanced, different, outcome, simulation, world

BAN = "+scenario=call_ban"
WEEKS = 30


def finished(*overrides, n_steps=WEEKS):
    return outcome(advanced(simulation(*world(*overrides)), n_steps))


@pytest.fixture(scope="module")
def ban():
    return finished(BAN)


def test_stocks_change_by_what_is_installed_and_dropped():
    run = simulation(*world(BAN))
    dau = [s for s in step_series(run.config) if s.measure == "installed"]
    columns = [step_series(run.config).index(s) for s in dau]
    had, installs, drops = run.state.users.installed.copy(), [], []
    for _ in range(WEEKS):
        run.step()
        has = run.state.users.installed
        installs.append([(has & ~had) >> p & 1 for p in range(len(dau))])
        drops.append([(had & ~has) >> p & 1 for p in range(len(dau))])
        had = has.copy()
    stocks = np.array([step[0, columns] for step in run.recorder.observations.steps])
    moved = np.sum(installs, axis=2, dtype=int) - np.sum(drops, axis=2, dtype=int)
    assert np.diff(stocks, axis=0) * SMALL == pytest.approx(moved[:-1], abs=1e-9)
    assert np.sum(installs) > 100 < np.sum(drops)


@pytest.mark.parametrize("scenario", ["call_ban", "as_happened"])
def test_users_are_reached_where_they_have_both_app_and_account(scenario):
    run = simulation(*world(f"+scenario={scenario}"))
    max_bit = 1 << run.config.messengers.index("max")
    for _ in range(run.config.n_steps):
        run.step()
        users = run.state.users
        usable = run.state.public.choice_state[:-1] & np.uint64(USABLE)
        assert (usable == users.installed & users.account).all()
        assert not (users.installed & ~users.account & ~np.uint8(max_bit)).any()
    assert (users.installed & ~users.account & max_bit).any()  # on new phones


def test_without_preinstallation_nobody_has_an_app_without_an_account():
    run = advanced(simulation(*world(BAN, "~policies.max_preinstallation", "compare_to=[]")), 40)
    assert not (run.state.users.installed & ~run.state.users.account).any()
    assert (run.state.users.account & ~run.state.users.installed).any()  # the other is common


def everyone_has_a_vpn(share):
    return f"population.vpn={{{', '.join(f'{band}: {share}' for band in BANDS)}}}"


@pytest.mark.parametrize(
    "override",
    ["behaviour.message_loss=0.1", "behaviour.call_loss=9.0", "behaviour.vpn_efficacy=0.1",
     "behaviour.failure_exit=9.0"],
)  # fmt: skip
def test_where_nothing_is_restricted_failure_could_cost_anything(override):
    assert finished("+scenario=mandate_only", override) == finished("+scenario=mandate_only")


# What says who has a VPN, what it would open up, and who around one has it.
OF_VPNS = {"users.place", "users.skill", "words", "steps.vpn"}


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_where_nothing_is_restricted_a_vpn_changes_nothing(share):
    usual = finished("+scenario=mandate_only")
    with_them = finished("+scenario=mandate_only", everyone_has_a_vpn(share))
    assert {"users.place", "words", "steps.vpn"} <= different(with_them, usual) <= OF_VPNS


def test_with_a_perfect_vpn_for_everyone_a_restriction_is_none():
    perfect = ("behaviour.vpn_efficacy=1.0", everyone_has_a_vpn(1.0))
    banned, free = finished(BAN, *perfect), finished("+scenario=mandate_only", *perfect)
    assert different(banned, free) == set()


def test_a_restriction_does_matter_otherwise(ban):
    assert ban != finished("+scenario=mandate_only")


@jit_loop
def look_one(
    i, at, users, step_records, public, ties, chats, env, params, keys, queries, agreed, buffer, s
):
    """Let user `i`, who sits at `at`, look at its contacts, alone."""
    lane, mine = at % WIDTH, step_records[i : i + 1]
    select(i, i + 1, users, mine, public.choice_state, chats, env, params, keys, queries, buffer)
    communicate(
        at - lane, lane, lane + 1, users, mine, i, public.choice_state, ties, env, params,
        keys[CONVERSE], s,
    )  # fmt: skip
    evaluate(users, mine, i, public.choice_state, ties, env, params, queries, s)
    after_choice(
        i, i + 1, users, mine, public.belief_state, ties, env, params, keys, agreed, buffer
    )


@jit_loop
def act_alone(i, users, step_records, public, abuse, env, params, keys, queries, buffer):
    """Let user `i` act and show it."""
    update(i, i + 1, users, step_records[i : i + 1], abuse, env, params, keys, queries, buffer)
    publish(i, i + 1, users, public, params, buffer)


@jit_loop
def observe_all(users, step_records, env, params, accumulators, sums):
    """Observe users as they were before they changed, in the order in which sums are taken."""
    for first in range(0, len(users), BLOCK):
        for i in range(first, min(first + BLOCK, len(users))):
            observe(i, 0, users[i], step_records[i], env, params, accumulators, sums)
        flush(sums, 0, accumulators)


class Shuffled:
    """An engine that takes one after another, in an order of its own every time."""

    def __init__(self):
        self._rng = np.random.default_rng(5)

    def move(self, state, env, keys):
        for g in self._rng.permutation(len(state.chats.platform)):
            move_rows(g, g + 1, state.users, state.chats, env, state.params, keys)

    def step(self, state, env, keys, accumulators):
        n, at = state.n_users, seats(state.ties)
        step_records, agreed, seen = records(STEP_RECORD, n), agreements(n), state.users.copy()
        queries, buffer, s = value_queries(1), candidate_buffer(1), working_memory()
        for i in map(int, self._rng.permutation(n)):  # who acts early is looked at later
            look_one(
                i, int(at[i]), state.users, step_records, state.public, state.ties, state.chats,
                env, state.params, keys, queries, agreed, buffer, s,
            )  # fmt: skip
            seen[i] = state.users[i]
            act_alone(
                i, state.users, step_records, state.public, state.abuse, env, state.params, keys,
                queries, buffer,
            )  # fmt: skip
        observe_all(seen, step_records, env, state.params, accumulators, block_sums(accumulators))
        apply_agreements(state.users, state.public, agreed, env, state.params, keys)


@pytest.mark.slow
def test_the_order_of_users_and_chats_changes_no_bit(ban):
    run = simulation(*world(BAN), engine=Shuffled())
    assert outcome(advanced(run, WEEKS)) == ban


START = {"start": dt.date(2025, 7, 1)}
READ = Shock(state_averse=2.0, indifferent=1.0, foreign_averse=0.5)
EVENTFUL = {
    "order": GroupMove(platform="max", segment="friends", rate=0.02, **START),
    "blocking": VpnBlocking(rate=0.1, **START),
    "story": InformationEvent(
        platform="whatsapp", shock=READ, awareness_rate=0.01, contact_rate=0.05, **START
    ),
}


def test_nor_does_it_where_chats_are_ordered_and_stories_told():
    config, start = world("+scenario=call_ban_only")
    more = config.model_copy(update={"policies": {**config.policies, **EVENTFUL}})
    usual, mixed = (advanced(simulation(more, start, engine=e), 20) for e in (None, Shuffled()))
    assert outcome(usual) == outcome(mixed)
    assert (usual.state.chats.bound > 0).any()
    assert 0 < (usual.state.users.news > 0).mean() < 1


def test_the_number_of_threads_changes_no_bit():
    large = world(BAN, f"population.n_users={3 * BLOCK + 100}")
    one, *more = (outcome(advanced(simulation(*large, n_threads=k), 15)) for k in (1, 2, 3))
    assert all(other == one for other in more)


def test_a_run_continued_from_a_copy_of_its_state_gives_the_same_bits():
    whole = advanced(simulation(*world(BAN)), 12)
    paused = advanced(simulation(*world(BAN)), 5)
    resumed = simulation(paused.config, paused.state)
    resumed.n_done = paused.n_done
    advanced(resumed, 7)
    for name in ("users", "abuse"):
        assert getattr(resumed.state, name).tobytes() == getattr(whole.state, name).tobytes()
    for one, other in zip(resumed.state.public[:2], whole.state.public[:2], strict=True):
        assert one.tobytes() == other.tobytes()
    for one, other in zip(resumed.state.chats, whole.state.chats, strict=True):
        assert (one == other).all()
