"""The values of the kinds of platforms: python -m experiments.kinds > sim/data/kinds.yaml.

Each is the median over platforms of shipped cases whose start is solved from observed shares.
Russia's are left out: there behaviour was tuned, so they would forecast themselves.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import yaml

from sim.config.compose import load_config
from sim.config.settings import BANDS
from sim.engine.start import prepare
from sim.engine.threads import Threads

LIKE: Mapping[str, tuple[str, ...]] = {  # platforms of each kind, CASE/PLATFORM
    "incumbent": (
        "brazil_whatsapp_2021/whatsapp", "india_whatsapp_2021/whatsapp",
        "korea_kakaotalk_2022/kakaotalk", "turkey_whatsapp_2021/whatsapp",
    ),
    "challenger": (
        "brazil_whatsapp_2021/telegram", "india_whatsapp_2021/telegram",
        "india_arattai_2025/telegram", "turkey_whatsapp_2021/telegram",
    ),
    "state_backed": ("turkey_whatsapp_2021/bip",),
    "niche": (
        "brazil_whatsapp_2021/signal", "korea_kakaotalk_2022/line",
        "korea_kakaotalk_2022/telegram", "korea_kakaotalk_2022/messenger",
    ),
}  # fmt: skip
SEEDS = {"users": 0.0005, "pattern": "single", "aware": 0.01}  # of one that is new: assumptions
NEW = ("challenger", "state_backed", "niche")  # kinds that may be new
N_USERS = 10_000


def main() -> None:
    """Solve the starts of the cases and print the medians by kind."""
    solved: dict[str, tuple[list[float], float]] = {}
    for case in sorted({one.split("/")[0] for some in LIKE.values() for one in some}):
        config = load_config(f"case_dir={case}", f"population.n_users={N_USERS}")
        params = prepare(config, Threads()).params
        for p, name in enumerate(config.messengers):
            solved[f"{case}/{name}"] = (
                params.standalone[:, p].tolist(),
                float(params.base_openings[p] * params.content_openings),
            )
    print("# Made by python -m experiments.kinds. Seeds are assumptions.")
    for kind, some in LIKE.items():
        values = np.median([solved[one][0] for one in some], axis=0)
        openings = float(np.median([solved[one][1] for one in some]))
        tree = {
            "standalone": {b: round(float(v), 2) for b, v in zip(BANDS, values, strict=True)},
            "openings": round(openings, 2),
            **({"seeds": SEEDS} if kind in NEW else {}),
        }
        print(f"\n# The median of {', '.join(some)}")
        print(yaml.safe_dump({kind: tree}, sort_keys=False, default_flow_style=None), end="")


if __name__ == "__main__":
    main()
