"""Configuration of what the folder of a run keeps."""

from __future__ import annotations

from sim.base.strict import Strict

EVERY = "all"  # in place of names of measures
# what report, figures and the page of a whole country show by group, and who is worse off
BY_GROUP = ("dau", "exposure_phone", "exposure_apps", "no_means", "vpn", "worse_off", "welfare")


class OutputConfig(Strict):
    """What the folder of a run keeps; results in Python hold everything."""

    fields: tuple[str, ...] = BY_GROUP  # measures kept by age, region, type; of everybody: all
    figures: bool = True  # whether figures are drawn; the report is written without them as well

    def keeps(self, measure: str) -> bool:
        """Say whether the rows of groups of a measure are kept."""
        return EVERY in self.fields or measure in self.fields
