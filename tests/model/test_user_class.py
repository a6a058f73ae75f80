"""Users of a class of one's own: rules replaced in Python."""

import numpy as np
import pytest

from sim import load_config
from sim.engine.start import prepare
from sim.engine.threads import Threads
from sim.model.agents import RENAMED, User
from sim.model.mesa_engine import MesaEngine
from sim.model.model import MigrationModel
from tests.helpers.models import REPORTERS, assert_same_state, made


@pytest.fixture(scope="module")
def model():
    """Return the model of plain users, stepped by mesa."""
    return made("mesa", collectors=REPORTERS)


class Stubborn(User):
    """The example of sim/model/agents.py."""

    def install_utility(self, platform):
        return super().install_utility(platform) - (1.0 if platform == "max" else 0.0)


class Unwilling(User):
    def install_utility(self, platform):
        return -np.inf if platform == "max" else super().install_utility(platform)


RULES = (
    "reconsider", "communicate", "converse", "open_apps", "weigh_vpn", "ask_contact", "revise",
    "remember", "hear", "follow_promotion", "learn", "go_online", "switch_vpn",
    "draw_victimisation", "step", "advance", "publish",
)  # fmt: skip


def same_rule(name):
    """Return a method that calls that of the parent and nothing else."""
    return lambda self, *arguments: getattr(User, name)(self, *arguments)


Obedient = type(
    "Obedient", (User,), {name: same_rule(name) for name in (*RULES, "install_utility")}
)


def n_with(model, messenger):
    return sum(messenger in user.messengers for user in model.users)


@pytest.mark.slow
@pytest.mark.parametrize("user_class", [Stubborn, Unwilling])
def test_a_rule_replaced_in_python_changes_what_comes_out(model, user_class):
    changed = made("mesa", user_class=user_class)
    assert {type(user) for user in changed.agents} == {user_class}
    assert n_with(changed, "max") < n_with(model, "max")


@pytest.mark.slow
def test_who_takes_up_a_messenger_at_any_price_has_it_in_the_end():
    class Eager(User):
        def install_utility(self, platform):
            return np.inf if platform == "vk" else super().install_utility(platform)

    eager, usual = (made("mesa", user_class=c) for c in (Eager, User))
    assert n_with(eager, "vk") > 3 * n_with(usual, "vk")


@pytest.mark.slow
def test_rules_that_only_call_their_parents_change_no_bit(model):
    assert_same_state(model, made("mesa", user_class=Obedient))


@pytest.mark.parametrize(
    ("name", "rule"),
    [("recnsider", "reconsider"), ("installUtility", "install_utility"), ("learns", "learn")],
)
def test_a_method_that_is_nearly_called_like_a_rule_is_reported(name, rule):
    """Nobody would call it, and the model would run as if it had not been written."""
    with pytest.raises(TypeError, match=rf"^Mine\.{name}: .* did you mean {rule}\?"):
        type("Mine", (User,), {name: User.learn})


@pytest.mark.parametrize("name", RENAMED)
def test_a_former_name_is_refused_with_the_new_one(model, name):
    with pytest.raises(TypeError, match=rf"^Mine\.{name}: .*{RENAMED[name]}"):
        type("Mine", (User,), {name: User.learn})
    with pytest.raises(AttributeError, match=f"{name}.*{RENAMED[name]}"):
        getattr(model.users[0], name)


def test_a_class_may_have_other_methods_and_values():
    class Mine(User):
        learned = False

        def contacts_with(self, messenger):
            return sum(messenger in contact.messengers for contact in self.contacts)

    assert made("mesa", 0, user_class=Mine).users[0].contacts_with("whatsapp") >= 0


def test_users_know_themselves_when_they_are_made():
    class Remembering(User):
        def __init__(self, model, row):
            super().__init__(model, row)
            self.had = self.messengers

    model = made("mesa", 0, user_class=Remembering)
    assert [user.had for user in model.users] == [user.messengers for user in model.users]
    assert len({user.had for user in model.users}) > 1


class Careless(User):
    """Never takes a VPN and hears no news."""

    def weigh_vpn(self):
        self.step_record.vpn_gain = np.nan

    def hear(self):
        pass

    def learn(self):
        pass


def test_rules_of_vpns_and_beliefs_can_be_replaced_as_well(model):
    careless = made("mesa", user_class=Careless).simulation.state.users
    start = made("mesa", 0).simulation.state.users
    usual = model.simulation.state.users
    assert (careless.place == start.place).all()
    assert (careless.belief == start.belief).all()
    assert (usual.place != start.place).any()
    assert (careless.aware & 0b100 > 0).sum() < (usual.aware & 0b100 > 0).sum()


class Waiting(User):
    def install_utility(self, platform):
        there = sum(platform in contact.messengers for contact in self.contacts)
        return super().install_utility(platform) + there - 2


@pytest.mark.slow
def test_rules_that_look_at_contacts_do_not_depend_on_the_order_of_agents():
    config = load_config("+scenario=call_ban", "engine=mesa", "population.n_users=150")
    start = prepare(config, Threads(1))
    forth, back = (MigrationModel(config, start=start, user_class=Waiting) for _ in range(2))
    back.simulation.engine = MesaEngine(reversed(back.users))
    for model in (forth, back):
        model.run_for(20)
    assert_same_state(forth, back)


def test_a_class_of_ones_own_is_refused_where_only_compiled_rules_run():
    with pytest.raises(ValueError, match=r"Stubborn needs engine=mesa, not compiled"):
        made("compiled", user_class=Stubborn)
