"""Configuration of population and network."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from sim.base.strict import Share, Strict

BANDS = ("12-17", "18-24", "25-34", "35-44", "45-54", "55-64", "65+")
BAND_STARTS = (12, 18, 25, 35, 45, 55, 65)  # first age of each band [years]
TYPES = ("state_averse", "indifferent", "foreign_averse")  # coded -1, 0, +1
MAX_REGIONS = 64

ByBand = dict[str, Share]  # one share an age band


class Segment(Strict):
    """A part of the population that an institution can address: pupils, public employees."""

    age_from: int = Field(ge=12, le=100)  # first age [years]
    age_to: int = Field(ge=12, le=100)  # last age [years]
    share: Share  # of that age range [1]

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.age_to < self.age_from:
            raise ValueError(f"age_from={self.age_from} must not exceed age_to={self.age_to}")
        return self


class ChatKind(Strict):
    """Group chats of a segment; a member is in one of them."""

    size: int = Field(ge=2, le=1000)  # members of a chat
    order: Literal["place", "age"]  # members are neighbours, or people of similar age


class Abroad(Strict):
    """Close contacts who live abroad, where nothing is restricted."""

    share: Share  # of those with a smartphone who have such a contact [1]
    weight: float = Field(gt=0, lt=1)  # of the contact among their ties [1]
    call_price: float = Field(ge=0, le=20)  # of a call or SMS abroad by phone [utils]


class PopulationConfig(Strict):
    """Users aged 12 and over; every share is of the users it names."""

    n_users: int = Field(default=10_000, ge=10, le=200_000_000)  # users simulated [1]
    ages: str  # CSV with columns age,male,female in the case's data folder
    regions: dict[str, Share] = Field(min_length=1, max_length=MAX_REGIONS)  # sizes, sum 1
    no_internet: ByBand  # share without internet
    no_smartphone: ByBand  # share of those with internet who have no smartphone
    vpn: ByBand  # share of those with a smartphone who use a VPN at the start
    segments: dict[str, Segment]
    chats: dict[str, ChatKind] = Field(default={})  # by segment
    abroad: Abroad
    types: dict[str, Share]  # share of each type, sum 1
    concern_median: float = Field(default=0.5, ge=0, le=10)  # of kappa_i, log-normal [1]
    concern_sd: float = Field(default=1.0, ge=0, le=3)  # of its logarithm [1]
    intensity_shape: float = Field(default=3.0739, gt=0, le=100)  # of the gamma law of D_i [1]
    taste_shared: Share = 0.5  # share of the variance of taste that a family shares [1]

    @model_validator(mode="after")
    def _shares_fit(self) -> Self:
        for name in ("no_internet", "no_smartphone", "vpn"):
            if set(getattr(self, name)) != set(BANDS):
                raise ValueError(f"{name} needs exactly the age bands {', '.join(BANDS)}")
        if set(self.types) != set(TYPES):
            raise ValueError(f"types needs exactly {', '.join(TYPES)}")
        for name in self.chats:
            if name not in self.segments:
                raise ValueError(
                    f"chats.{name}: no such segment; allowed: {', '.join(self.segments)}"
                )
        for name in ("regions", "types"):
            total = sum(getattr(self, name).values())
            if abs(total - 1) > 1e-6:
                raise ValueError(f"shares of {name} must sum to 1, they sum to {total:.9g}")
        return self


class LayeredNetwork(Strict):
    """Layered affiliation graph; the defaults are the recipe checked against real networks."""

    kind: Literal["layered"] = "layered"
    degree_scale: float = Field(default=1.0, gt=0, le=10)  # of circles and weak ties [1]
    age_matching: Literal["matched", "blind"] = "matched"  # of circles and weak ties


class RewiredNetwork(Strict):
    """The layered graph after degree-preserving swaps: same degrees, no clustering."""

    kind: Literal["rewired"] = "rewired"
    swaps_per_tie: float = Field(default=3.0, gt=0, le=100)  # swaps relative to ties [1]


class WattsStrogatzNetwork(Strict):
    """A ring of neighbours with shortcuts."""

    kind: Literal["watts_strogatz"] = "watts_strogatz"
    mean_degree: int = Field(default=18, ge=2, le=1000, multiple_of=2)  # ties a user [1]
    p_rewire: Share = 0.1  # share of ties made a shortcut [1]


class BarabasiAlbertNetwork(Strict):
    """Preferential attachment."""

    kind: Literal["barabasi_albert"] = "barabasi_albert"
    mean_degree: int = Field(default=18, ge=2, le=1000, multiple_of=2)  # ties a user [1]


class ErdosRenyiNetwork(Strict):
    """Ties at random."""

    kind: Literal["erdos_renyi"] = "erdos_renyi"
    mean_degree: float = Field(default=18.6, gt=0, le=1000)  # ties a user [1]


class FileNetwork(Strict):
    """A graph from a file: an edge list (two whole numbers a line) or GraphML."""

    kind: Literal["from_file"] = "from_file"
    path: str  # relative to the folder in which the run is started
    format: Literal["edge_list", "graphml"] = "edge_list"  # of the file


NetworkConfig = Annotated[
    LayeredNetwork
    | RewiredNetwork
    | WattsStrogatzNetwork
    | BarabasiAlbertNetwork
    | ErdosRenyiNetwork
    | FileNetwork,
    Field(discriminator="kind"),
]
