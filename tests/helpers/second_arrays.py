"""What is stored of a run beside what the second implementation has, and how near the two are."""

import math
from types import SimpleNamespace

from sim.engine.threads import BLOCK
from tests.helpers.chats import chats_of
from tests.helpers.second_state import BITS, F32, SINGLE, bits, multiples, places
from tests.helpers.ties import csr

STEP_RECORD = ("use", "value", "openings", "reachable", "secure", "helpers", "welfare", "vpn_gain")
OF_TIES = {"users.habit", *(f"talks.{name}" for name in STEP_RECORD)}
PRIVATE = {"spans", "sides", "between", "scale", "content_scale"}  # what no array holds


def plain(record):
    """Return a record as plain numbers, lists and sets."""
    values = {name: multiples(name, record[name].tolist()) for name in record.dtype.names}
    return SimpleNamespace(**{n: places(v) if n in BITS else v for n, v in values.items()})


def read(world, state):
    """Read the arrays of a run's state into `world`."""
    world.users = [plain(record) for record in state.users]
    for user in world.users:
        user.spans = {}  # ends of what habits may have been rounded to
        user.sides = {}  # beliefs that a belief may have been rounded to
        user.between = {}  # ends of what usual welfare and the shortfall may have been rounded to
    world.talks = []
    world.settle()
    world.abuse = [plain(record) for record in state.abuse]
    chats = {name: getattr(state.chats, name).tolist() for name in state.chats._fields}
    begins = chats["indptr"]
    world.of_user = chats_of(state.chats)
    world.chats = [
        SimpleNamespace(
            platform=chats["platform"][g], moved=chats["moved"][g], bound=chats["bound"][g],
            kind=chats["kind"][g], members=chats["members"][begins[g] : begins[g + 1]],
        )
        for g in range(len(begins) - 1)
    ]  # fmt: skip
    world.standalone = state.params.standalone.T.tolist()  # B and c as solved at the start
    world.base_openings = state.params.base_openings.tolist()
    indptr, indices = (part.tolist() for part in csr(state.ties))
    world.graph.add_nodes_from(range(len(world.users)))
    for i in world.graph:
        for r, j in enumerate(indices[indptr[i] : indptr[i + 1]], start=1):
            world.graph.add_edge(i, j)
            world.graph[i][j].setdefault("rank", {})[i] = r


def numbers(world):
    """Return all that changes, by name and row, bits packed, as arrays hold it."""
    found = {"words": [*(word.packed() for word in world.words), 0]}  # nobody stands last
    found["minds"] = [mind.packed() for mind in world.minds]
    for name in ("platform", "moved", "bound"):
        found[f"chats.{name}"] = [getattr(chat, name) for chat in world.chats]
    for table in ("users", "talks", "abuse"):
        for row in getattr(world, table):
            for name, value in vars(row).items():
                if name in PRIVATE:
                    continue
                value = [value.packed()] if name == "peer" else value
                if (table, name) == ("talks", "chats"):
                    value = [sum(n << 8 * p for p, n in enumerate(value))]
                value = bits(value) if name in BITS else value
                found.setdefault(f"{table}.{name}", []).append(value)
    return found


def stored(run):
    """Return the same of a run; talks are those that its engine holds of the one block it has."""
    state = run.state
    found = {
        "words": state.public.choice_state.tolist(),
        "minds": state.public.belief_state.tolist(),
    }
    for name in ("platform", "moved", "bound"):
        found[f"chats.{name}"] = getattr(state.chats, name).tolist()
    tables = {"users": state.users, "abuse": state.abuse}
    if run.n_done:
        assert state.n_users <= BLOCK
        tables["talks"] = run.engine._idle[-1].step_records[: state.n_users]
    for table, records in tables.items():
        if len(records):
            found |= {
                f"{table}.{name}": [multiples(name, row) for row in records[name].tolist()]
                for name in records.dtype.names
            }
    return found


def same(one, other, rel_tol=1e-6, abs_tol=1e-9):
    """Return whether two numbers, or lists of them, are the same but for rounding.

    What is None has no meaning (2.2).
    """
    if one is None:
        return True
    if isinstance(one, list):
        return len(one) == len(other) and all(
            same(*pair, rel_tol, abs_tol) for pair in zip(one, other, strict=True)
        )
    if isinstance(other, int):
        return one == other
    both_nan = math.isnan(one) and math.isnan(other)
    return both_nan or math.isclose(one, other, rel_tol=rel_tol, abs_tol=abs_tol)


def tolerance(world, name, row):
    """Return by how much numbers may differ, relative to them and absolutely."""
    if name == "talks.content":
        return SINGLE, SINGLE * world.talks[row].content_scale
    if name == "talks.rest":
        return SINGLE, SINGLE * world.talks[row].scale
    if name not in OF_TIES:
        return 1e-6, 1e-9
    b, scale = world.b, 1.0  # shares of what one says
    if name in ("talks.welfare", "talks.value", "talks.vpn_gain"):
        scale += abs(world.talks[row].welfare)  # differences of two welfares
    if name == "talks.openings":
        scale = world.users[row].intensity * b.traffic_openings * (1 + b.call_openings)
        scale += world.users[row].intensity * max(
            platform.habit_openings for platform in world.platforms.values()
        )
        scale += world.users[row].intensity * b.content_openings
    return F32, F32 * scale


def differences(world, theirs):
    """Return where a world is not what is `stored`: {(name, row): (the one's, the other's)}."""
    mine = numbers(world)
    assert mine.keys() == theirs.keys(), mine.keys() ^ theirs.keys()
    assert all(len(mine[name]) == len(theirs[name]) for name in mine)
    return {
        (name, row): (one, other)
        for name in mine
        for row, (one, other) in enumerate(zip(mine[name], theirs[name], strict=True))
        if not same(one, other, *tolerance(world, name, row))
    }
