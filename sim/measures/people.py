"""Measures of a whole person: welfare, messengers in use, VPN, exposure to the state."""

from __future__ import annotations

from sim.base.units import PEOPLE
from sim.measures.measure import Measure
from sim.measures.thresholds import READ

MEASURES = (
    Measure(
        "worse_off", PEOPLE, "people who lose much against the counterfactual",
        every="paired month",
        value=lambda here, there, behaviour: here < there - behaviour.serious_loss,
        lines={("any", "any"): "Worse off"},
        form="percent", axis="% of people aged 12+", is_harm=True,
        definition=(
            "share of users whose benefit of contacts and content (beta W_i + Y_i, model.md 2.4b) "
            "is lower than in the first counterfactual by over `behaviour.serious_loss`, user by "
            "user, at the end of the month; only for months of `mau`. The threshold is such that "
            "so many are worse off at the end of August 2025 in `call_ban` as then said that "
            "losing calls by messenger was a serious loss (15 %, FOM); each draw of the posterior "
            "has its own"
        ),
        word="worse off",
        words=(
            "% of people to whom the apps they can use are worth much less than they would be "
            "otherwise: less by as much as the ban of calls took from the 15 % of Russians who "
            "called it a serious loss in August 2025."
        ),
    ),
    Measure(
        "welfare", "utils", "expected utility of communication; only differences mean much",
        value=lambda sums: sums.mean("welfare"), of_user=lambda seen: seen.step_records.welfare,
        lines={("any", "any"): "Welfare"},
        axis="index, higher is better", is_harm=True,
        definition=(
            "mean expected utility of communication, the logsum over ties and channels [utils]; "
            "only differences mean something. It counts what one *can* use: one more app on both "
            "phones raises it even if it was forced on people. The fear of being read is in it "
            "for sensitive messages; coercion is not, so a mandate's rise in welfare is no "
            "judgement on the mandate"
        ),
        word="welfare",
        words=(
            "An index of what people can do with the means of communication they have; only "
            "differences have a meaning. It is the mean logsum of the choice over ties, in utils. "
            "Pressure to use an app is not part of it, so a rise under a mandate is no argument "
            "for one."
        ),
    ),
    Measure(
        "multihoming", "messengers per person", "messengers in use",
        value=lambda sums: sums.per_user(sums.of("has").sum((-2, -1))),
        definition="number of messengers in use, per person (multi-homing)",
    ),
    Measure(
        "vpn", PEOPLE, "people who use a VPN",
        value=lambda sums: sums.mean("vpn"), of_user=lambda seen: (seen.users.place & 1) == 1,
        lines={("any", "any"): "VPN"}, form="percent",
        definition="share who use a VPN",
    ),
    Measure(
        "exposed", PEOPLE, f"people of whose talk by messenger the state reads over {READ}",
        value=lambda sums: sums.mean("exposed"), of_user=lambda seen: seen.exposed == 1,
        form="percent",
        definition=(
            f"share of users of whose communication by messenger the state can read over {READ}"
        ),
    ),
    Measure(
        "newly_exposed", PEOPLE, "people exposed in the scenario, not in the counterfactual",
        every="change", value=lambda here, there: here & ~there,
        definition="`exposed` in the scenario and not in the counterfactual, user by user",
    ),
    Measure(
        "no_longer_exposed", PEOPLE, "people exposed in the counterfactual, not in the scenario",
        every="change", value=lambda here, there: there & ~here,
        definition="`exposed` in the counterfactual and not in the scenario, user by user",
    ),
)  # fmt: skip
