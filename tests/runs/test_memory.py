"""The estimate of memory agrees with what real processes take; what does not fit is refused."""

import json
import re
import sys

import pytest

from sim import compare, load_config
from sim.base import machine
from sim.base.errors import ConfigError
from sim.base.machine import _of_cgroups, available, peak, used
from sim.rules.records import USER
from sim.runs.memory import check_memory, estimate_memory
from tests.helpers.cli import command

MEASURED = pytest.mark.skipif(sys.platform != "linux", reason="resident memory as Linux counts it")
ONE = ("replications=1", "dur_days=14")
MANY = ("+scenario=call_ban", "replications=12")


@pytest.fixture(scope="module")
def compiled():
    """Have the rules compiled before: the compiler takes memory of its own."""
    for engine in ("compiled", "mesa"):
        compare(load_config("population.n_users=100", f"engine={engine}", *ONE))


def measured(tmp_path, *arguments):
    """Return estimate and peak of a real process [GB]."""
    process = command(*arguments, f"hydra.run.dir={tmp_path}")
    assert process.returncode == 0, process.stderr
    memory = json.loads((tmp_path / "manifest.json").read_text())["memory_gb"]
    return memory["estimate"], memory["peak"]


@MEASURED
@pytest.mark.slow
@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize(
    "arguments",
    [
        ("population.n_users=2000", *MANY),
        ("population.n_users=1000", "engine=mesa", "compare_to=[]", *ONE),
        ("population.n_users=20000", "network=erdos_renyi", *ONE),
    ],
    ids=lambda a: " ".join(a),
)
def test_the_estimate_agrees_with_the_peak_of_a_real_process(tmp_path, arguments):
    estimate, most = measured(tmp_path, *arguments)
    assert estimate == pytest.approx(most, rel=0.3)


@MEASURED
@pytest.mark.slow
@pytest.mark.usefixtures("compiled")
def test_more_users_take_as_much_more_as_estimated(tmp_path):
    """The difference of two sizes, which the memory of the bare process cannot hide."""
    (few, low), (many, high) = (
        measured(tmp_path / str(n), f"population.n_users={n}", *ONE) for n in (100_000, 500_000)
    )
    assert (few, many) == pytest.approx((low, high), rel=0.3)
    assert many - few == pytest.approx(high - low, rel=0.3)


def test_a_run_that_cannot_fit_is_refused_with_what_would(monkeypatch):
    monkeypatch.setattr("sim.runs.memory.available", lambda: 22_000_000_000)
    config = load_config("population.n_users=200000000", "replications=1")
    with pytest.raises(ConfigError) as error:
        check_memory(config)
    message = str(error.value)
    assert message.startswith("population.n_users=200000000: needs about ")
    assert re.search(r"about 4\d GB of memory, 2\d GB are available", message)
    most = int(message.split("; about ")[1].split()[0])
    population = config.population.model_copy(update={"n_users": most})
    check_memory(config.model_copy(update={"population": population}))


def test_a_run_of_a_whole_country_fits_in_22_gigabytes():
    """10^8 users one to one: what a process takes apart (0.4 GB), so much is left a user."""
    config = load_config(
        "population.n_users=100000000", "+scenario=as_happened", "replications=1", "compare_to=[]"
    )
    assert 1e8 * estimate_memory(config).per_user + 0.4e9 < 22e9


def test_it_is_refused_before_any_work(tmp_path):
    folder = tmp_path / "run"
    process = command("population.n_users=200000000", f"hydra.run.dir={folder}", cwd=tmp_path)
    if process.returncode == 0:  # pragma: no cover
        pytest.skip("a machine of a terabyte")
    assert process.returncode == 2
    assert "GB of memory" in process.stderr
    assert "users would fit" in process.stderr
    assert not list(tmp_path.iterdir())


def test_runs_side_by_side_and_replications_cost():
    def of(*overrides):
        estimate = estimate_memory(load_config("population.n_users=20000", *overrides))
        return estimate.per_user, estimate.total

    one, two = of("engine.threads=1"), of("engine.threads=2")
    changing = USER.itemsize + 4 * 8  # and words and minds, now and next
    assert two[0] - one[0] > changing
    assert of("replications=16")[1] > of("replications=8")[1]
    alike = ("replications=2", "engine.threads=1")
    assert of("engine=mesa", *alike)[0] - of(*alike)[0] > 700  # an object a user


@pytest.mark.parametrize(("others", "kept"), [("[]", 1 / 8), ("[mandate_only]", 2 * (2 + 1 / 8))])
def test_each_month_of_a_run_takes_a_bit_and_two_bytes_if_it_is_compared(others, kept):
    """Of a user: whether it is exposed, and its benefit, by which runs are compared."""

    def per_user(n):
        asked = (f"replications={n}", f"compare_to={others}", "dur_days=210", "engine.threads=1")
        return estimate_memory(load_config("population.n_users=20000", *asked)).per_user

    assert per_user(180) - per_user(100) == pytest.approx(80 * 8 * kept)  # the first day as well


def test_where_nobody_would_fit_fewer_replications_are_advised(monkeypatch):
    monkeypatch.setattr("sim.runs.memory.available", lambda: 0)
    with pytest.raises(ConfigError, match=r"available; fewer replications would fit$"):
        check_memory(load_config("population.n_users=20000", "replications=100000"))


def test_a_file_of_ties_is_weighed_by_its_size(tmp_path):
    ties = tmp_path / "ties.txt"
    ties.write_text("".join(f"{k} {k + 1}\n" for k in range(19_999)))
    thin = ("population.n_users=20000", "network=from_file", f"network.path={ties}")
    there = estimate_memory(load_config(*thin)).per_user
    ties.write_text(ties.read_text() * 20)
    assert estimate_memory(load_config(*thin)).per_user > there + 100


def test_a_small_graph_of_many_words_has_no_more_ties_than_users(tmp_path):
    """An exported graph of 300 users was refused: its file was taken for 548 ties a user."""
    path = tmp_path / "contacts.graphml"
    path.write_text("<" * 1_000_000)
    file = ("network=from_file", f"network.path={path}", "network.format=graphml")
    assert estimate_memory(load_config("population.n_users=300", *file)).n_users == 300


@MEASURED
def test_this_process_and_machine():
    assert 10e6 < used() <= peak()
    assert 0 < available() < 1e14


def test_the_tightest_limit_of_the_groups_around_us_counts(tmp_path):
    inner = tmp_path / "outer/inner"
    inner.mkdir(parents=True)
    (inner / "memory.max").write_text("max\n")
    (inner / "memory.current").write_text("10\n")
    (inner.parent / "memory.max").write_text("1000\n")
    (inner.parent / "memory.current").write_text("700\n")
    (inner.parent / "memory.stat").write_text("anon 1\ninactive_file 50\n")
    assert min(_of_cgroups("0::/outer/inner\n", tmp_path)) == 1000 - 700 + 50


def test_groups_of_the_older_kind_count_too(tmp_path):
    here = tmp_path / "memory/job"
    here.mkdir(parents=True)
    (here / "memory.limit_in_bytes").write_text("500\n")
    (here / "memory.usage_in_bytes").write_text("100\n")
    assert min(_of_cgroups("5:cpu:/x\n4:memory:/job\n", tmp_path)) == 400


def test_without_proc_the_machine_is_asked(monkeypatch):
    monkeypatch.setattr(machine, "_text", lambda _: "")
    assert available() > 1e8
    assert peak() > 1e6
    assert used() == peak()
