"""W in mesa-frames: users and edges as polars frames, joined and grouped in every step."""

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

    def __init__(self, model: mf.ModelDF, graph: Graph) -> None:
        super().__init__(model)
        self += pl.DataFrame({"unique_id": np.arange(graph.n_users), "platform": graph.start})
        user = np.concatenate([graph.left, graph.right]).astype(np.int64)
        other = np.concatenate([graph.right, graph.left]).astype(np.int64)
        in_order = np.argsort(user, kind="stable")
        self.contacts = pl.DataFrame({"unique_id": user[in_order], "other": other[in_order]})

    def step(self) -> None:
        """Let everybody choose: a join, a group_by and a Gumbel draw."""
        users = self.agents
        seen = (
            self.contacts.lazy()
            .join(users.lazy().select(other="unique_id", seen="platform"), on="other")
            .group_by("unique_id")
            .agg((pl.col("seen") == p).mean().cast(pl.Float32).alias(f"share{p}") for p in range(PLATFORMS))
        )
        table = users.lazy().join(seen, on="unique_id", how="left", maintain_order="left")
        draws = self.model.random.standard_exponential((PLATFORMS, len(users)), dtype=np.float32)
        noise = -np.log(draws + np.float32(1e-30))
        utility = pl.concat_list(
            APPEAL[p]
            + SOCIAL * pl.col(f"share{p}").fill_null(0)
            - pl.when(pl.col("platform") == p).then(0.0).otherwise(SWITCHING)
            + pl.lit(pl.Series(noise[p]))
            for p in range(PLATFORMS)
        )
        choice = utility.list.arg_max().cast(pl.UInt8).alias("platform")
        self.agents = users.with_columns(table.select(choice).collect()["platform"])


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
    probe.measure("mesa-frames, join", version("mesa-frames"), build)
