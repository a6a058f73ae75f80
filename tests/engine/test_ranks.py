"""Several ranks under a real mpirun: the bits of one process, one voice, one fate."""

import pickle
import signal
import time

import pytest

from sim.base.errors import ConfigError
from sim.engine import ranks
from sim.engine.ranks import Ranks
from tests.helpers.cli import python, simulated
from tests.helpers.ranking import MPIRUN, ended, found, started
from tests.helpers.resuming import assert_same_tables, names, read_manifest
from tests.helpers.worlds import different

needs_ranks = pytest.mark.skipif(
    MPIRUN is None, reason="no mpirun: it comes with the extras (make .venv/all)"
)
RUN = ("+scenario=call_ban", "population.n_users=7000", "replications=1", "compare_to=[]")


@pytest.mark.slow
@needs_ranks
def test_ranks_give_the_bits_of_one_process(tmp_path):
    path, alone = tmp_path / "found", found("compiled")
    status, _, errors = ended(started(3, "-m", "tests.helpers.ranking", str(path)))
    assert status == 0, errors
    assert different(alone, pickle.loads(path.read_bytes())) == set()  # noqa: S301


@pytest.mark.slow
@needs_ranks
def test_ranks_that_a_signal_stops_are_resumed_by_others_and_leave_one_folder(tmp_path):
    straight, path = tmp_path / "straight", tmp_path / "ranks"
    assert simulated(*RUN, f"hydra.run.dir={straight}").returncode == 0
    often = "engine.checkpoint_minutes=0.003"
    process = started(2, "-m", "sim", *RUN, "engine=mpi", often, f"hydra.run.dir={path}")
    until = time.monotonic() + 300
    while not list(path.glob("checkpoint/*.run")):
        assert time.monotonic() < until, "no checkpoint came"
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    status, _, errors = ended(process)
    assert status == 128 + signal.SIGTERM
    assert errors.count("go on with: python -m sim.resume") == 1
    assert read_manifest(path)["status"] == "interrupted"
    status, output, errors = ended(started(3, "-m", "sim.resume", str(path)))
    assert status == 0, errors
    assert output.count("tables and figures") == 1
    manifest = read_manifest(path)
    assert (manifest["status"], len(manifest["resumed"])) == ("done", 1)
    assert_same_tables(straight, path)
    assert names(straight) == names(path)


FAILING = """
import sys
from sim.commands.cli import main
from sim.engine.ranges import RangesEngine
from sim.engine.ranks import Ranks
from sim.model.simulation import Simulation
def stumble(engine, *_):
    if Ranks.here().number == {number}:
        raise ValueError("stumbled")
    return move(engine, *_)
move, RangesEngine.move = RangesEngine.move, stumble
sys.argv = ["sim", *{arguments}]
main()
"""


@pytest.mark.slow
@needs_ranks
@pytest.mark.parametrize("number", [0, 1])
def test_a_rank_that_fails_ends_all_and_says_why(number, tmp_path):
    arguments = [*RUN, "engine=mpi", f"hydra.run.dir={tmp_path}"]
    code = FAILING.format(number=number, arguments=arguments)
    status, _, errors = ended(started(2, "-c", code))
    assert status != 0
    assert errors.count("ValueError: stumbled") == 1
    if number == 0:
        assert read_manifest(tmp_path)["status"] == "failed"


@needs_ranks
def test_ranks_refuse_with_one_voice(tmp_path):
    wrong = (*RUN, "engine=mpi", "population.n_users=many", f"hydra.run.dir={tmp_path / 'new'}")
    status, _, errors = ended(started(2, "-m", "sim", *wrong))
    assert status == 2
    assert errors.count("population.n_users=many") == 1
    assert not (tmp_path / "new").exists()


@needs_ranks
def test_processes_that_would_all_do_the_same_are_refused(tmp_path):
    status, _, errors = ended(started(2, "-m", "sim", *RUN, f"hydra.run.dir={tmp_path / 'new'}"))
    assert status == 2
    assert "mpirun started 2 processes, and all would do the same: engine=mpi" in errors
    assert not (tmp_path / "new").exists()


@needs_ranks
def test_without_mpirun_there_is_one_rank():
    code = "r = Ranks.here(); print(r.number, r.size, r.n_here)"
    assert python(f"from sim.engine.ranks import Ranks; {code}").split() == ["0", "1", "1"]


@pytest.mark.slow
def test_without_mpi4py_the_refusal_says_what_to_install(tmp_path):
    code = (
        "import sys; sys.modules['mpi4py'] = None\n"
        f"sys.argv = ['sim', 'engine=mpi', 'hydra.run.dir={tmp_path / 'new'}']\n"
        "from sim.commands.cli import main\n"
        "try: main()\n"
        "except SystemExit as end: print(end.code)"
    )
    assert python(code).strip() == "2"
    assert not (tmp_path / "new").exists()


@pytest.fixture
def not_looked_up():
    ranks._here.cache_clear()
    yield
    ranks._here.cache_clear()


@pytest.mark.usefixtures("not_looked_up")
@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (ImportError("No module named 'mpi4py'"), r"mpi4py.*not installed.*make \.venv/all"),
        (RuntimeError("cannot load MPI library\nno libmpi.so"), r"cannot load.*pip install mpich"),
    ],
)
def test_what_is_missing_is_named(error, advice, monkeypatch):
    def fail(_):
        raise error

    monkeypatch.setattr("sim.base.extras.import_module", fail)
    with pytest.raises(ConfigError, match=advice):
        Ranks.here()


@needs_ranks
def test_ranks_are_asked_for_in_one_way():
    done = simulated("engine.name=mpi")
    assert done.returncode == 2
    assert "engine.name=mpi: write engine=mpi" in done.stderr


def test_a_multirun_by_ranks_is_refused():
    done = simulated("-m", "engine=mpi,compiled", "seed=1,2")
    assert done.returncode == 2
    assert "engine=mpi: for one run" in done.stderr
