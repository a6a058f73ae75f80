"""Prices act on the utility of what they make dearer, and a price of 0 is none."""

import numpy as np
import pytest

from sim import ConfigError, compare, load_config
from sim.policies.price import Price
from sim.report.in_force import in_force
from tests.helpers.in_force import START, TELEGRAM, WHATSAPP, at, day, world

SMALL = ("population.n_users=1000", "replications=1", "dur_days=28")


def price(per, cost, *platforms, start=START):
    return Price(platforms=platforms or ("whatsapp",), per=per, cost=cost, start=start)


@pytest.mark.parametrize(
    ("per", "message", "call"), [("message", 0.5, 0), ("call", 0, 0.5), ("use", 0.5, 0.5)]
)
def test_what_costs_more_is_worth_so_much_less(per, message, call):
    free, dear = at(0), at(0, price(per, 0.5))
    both = [WHATSAPP, TELEGRAM]
    change = np.log(dear.attraction[0, 0][:, both] / free.attraction[0, 0][:, both])
    assert change == pytest.approx(np.array([[-message, 0], [-call, 0]]), abs=1e-6)


def test_by_phone_it_is_the_outside_option_that_costs_more():
    env = at(0, price("message", 0.5, "cellular"))
    assert np.log(env.effects.outside) == pytest.approx([-0.5, 0])
    assert (env.attraction == at(0).attraction).all()


def test_a_tax_by_the_day_is_on_having_the_app():
    effects = at(0, price("day", 0.7, start=day(5))).effects
    assert effects.daily_price[WHATSAPP] == pytest.approx(0.7 * 2 / 7)
    assert not effects.price.any()


def test_dear_text_messages_send_people_to_apps_and_dear_apps_back():
    shares = {}
    for name, cost in (("free", 0.0), ("app", 1.0), ("sms", 1.0)):
        tax = price("message", cost, *(["cellular"] if name == "sms" else []))
        run = compare(load_config(*SMALL, "compare_to=[]").with_policies(tax=tax)).timeseries
        rows = run[(run["measure"] == "use") & (run["group"] == "all")]
        use = rows.groupby(["platform", "channel"], observed=True)["value"].mean()
        shares[name] = use["cellular", "message"] / use.xs("message", level="channel").sum()
    assert shares["sms"] < 0.95 * shares["free"]  # of the few that are sent at all
    assert shares["app"] > 1.05 * shares["free"]


def test_no_price_is_no_change():
    config = load_config(*SMALL)
    plain, free = compare(config), compare(config.with_policies(tax=price("use", 0.0)))
    assert plain.timeseries.equals(free.timeseries)


def test_it_is_reported_in_words_and_what_has_no_price_is_refused():
    assert in_force(world(price("message", 1.0, "cellular")), 0, ()) == [
        "messages on Cellular cost more"
    ]
    with pytest.raises(ConfigError, match="platform 'cellular' is unknown or cannot be addressed"):
        load_config().with_policies(tax=price("day", 1.0, "cellular"))
