"""Figures as files: written atomically, reproducible byte for byte, with a text alternative."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from sim.base.atomic import atomic_write
from sim.plotting.drawing import DPI


def save(figure: Figure, path_without_suffix: Path | str) -> None:
    """Write the figure as a run leaves it, PNG and SVG, each as `save_as` does."""
    for suffix in ("png", "svg"):
        save_as(figure, path_without_suffix, suffix)


def save_as(figure: Figure, path_without_suffix: Path | str, suffix: str) -> Path:
    """Write the figure, whole or not at all, the same bytes always; return the file.

    Parameters
    ----------
    figure : Figure
    path_without_suffix : Path or str
        In a folder that exists; the suffix is appended.
    suffix : str
        png (150 dpi), svg or pdf.
    """
    about = str(figure.get_label())
    metadata: dict[str, dict[str, str | None]] = {
        "png": {"Software": None, "Description": about},
        "svg": {"Date": None, "Creator": None, "Description": about},
        "pdf": {"CreationDate": None, "Creator": None, "Producer": None, "Subject": about},
    }
    target = Path(f"{path_without_suffix}.{suffix}")
    with (
        mpl.rc_context({"svg.hashsalt": "sim", "svg.fonttype": "none", "pdf.fonttype": 42}),
        atomic_write(target) as draft,
    ):
        figure.savefig(draft, format=suffix, dpi=DPI, metadata=metadata[suffix])
    return target
