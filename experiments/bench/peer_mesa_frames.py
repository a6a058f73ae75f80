"""W in mesa-frames: users and edges as polars frames, gathered and grouped in every step."""

from __future__ import annotations

from importlib.metadata import version

import mesa_frames as mf
import numpy as np
import polars as pl

from experiments.bench import probe
from experiments.bench.work import APPEAL, F64, PLATFORMS, SOCIAL, SWITCHING, Graph, count_shares

SEED = 3


class Users(mf.AgentSetPolars):  # type: ignore[misc]
    """All users, and their contacts as a frame of pairs: mesa-frames has no network of its own."""

    agents: pl.DataFrame

    def __init__(self, model: mf.ModelDF, graph: Graph) -> None:
        super().__init__(model)
        self += pl.DataFrame({"unique_id": np.arange(graph.n_users), "platform": graph.start})
        user = np.concatenate([graph.left, graph.right]).astype(np.int64)
        other = np.concatenate([graph.right, graph.left]).astype(np.int64)
        in_order = np.argsort(user, kind="stable")
        self.contacts = pl.DataFrame({"unique_id": user[in_order], "other": other[in_order]})

    def step(self) -> None:
        """Let everybody choose: a group_by, a join and a Gumbel draw."""
        users = self.agents
        # positions instead of a join on the contact: ids are rows here, and it is faster
        seen = (
            self.contacts.lazy()
            .select("unique_id", seen=users["platform"].gather(self.contacts["other"]))
            .group_by("unique_id")
            .agg(
                (pl.col("seen") == p).mean().cast(pl.Float32).alias(f"share{p}")
                for p in range(PLATFORMS)
            )
        )
        table = users.lazy().join(seen, on="unique_id", how="left", maintain_order="left")
        draws = self.model.random.standard_exponential((PLATFORMS, len(users)), dtype=np.float32)
        noise = -np.log(draws + np.float32(1e-30))
        utility = table.select(
            (
                APPEAL[p]
                + SOCIAL * pl.col(f"share{p}").fill_null(0)
                - pl.when(pl.col("platform") == p).then(0.0).otherwise(SWITCHING)
                + pl.lit(pl.Series(noise[p]))
            ).alias(str(p))
            for p in range(PLATFORMS)
        )
        # columns side by side instead of a list in each row, which takes twenty times longer
        best = pl.max_horizontal(pl.all())
        choice = pl.coalesce(
            pl.when(pl.col(str(p)) == best).then(pl.lit(p, pl.UInt8)) for p in range(PLATFORMS)
        )
        chosen = utility.select(platform=choice).collect()["platform"]
        self.agents = users.with_columns(platform=chosen)


class Market(mf.ModelDF):  # type: ignore[misc]
    """The model around the users."""

    def __init__(self, graph: Graph) -> None:
        super().__init__(SEED)
        self.agents += Users(self, graph)

    def step(self) -> None:
        """Let everybody choose."""
        self.agents.do("step")


def build(graph: Graph) -> probe.Step:
    """Return the step of a mesa-frames model."""
    market = Market(graph)

    def step() -> F64:
        market.step()
        return count_shares(market.get_agents_of_type(Users).agents["platform"].to_numpy())

    return step


if __name__ == "__main__":
    probe.measure("mesa-frames, frames", version("mesa-frames"), build)
