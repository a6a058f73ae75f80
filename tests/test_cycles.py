"""A command looks for no cycles of objects until it runs something."""

from tests.cli import python


def test_what_is_made_while_a_command_starts_is_not_looked_through():
    code = (
        "import gc\n"
        "from sim.process import cycles\n"
        "cycles.wait()\n"
        "waiting = gc.isenabled()\n"
        "cycles.begin()\n"
        "print(waiting, gc.isenabled(), gc.get_freeze_count() > 0)"
    )
    assert python(code).split() == ["False", "True", "True"]


def test_who_has_not_waited_goes_on_as_before():
    code = (
        "import gc\n"
        "from sim.process import cycles\n"
        "cycles.begin()\n"
        "print(gc.isenabled(), gc.get_freeze_count())"
    )
    assert python(code).split() == ["True", "0"]
