"""When policies are in force, and how far they have come by then."""

import datetime as dt

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sim.policies.window import Window

ORIGIN = dt.date(2025, 6, 2)
SLICES = 60  # of a day, in the brute-force sums
# Whole days and halves, so that slices of a day never straddle a date.
half_days = st.integers(0, 160).map(lambda k: k / 2)
windows = st.builds(
    lambda first, length: Window(
        start=ORIGIN + dt.timedelta(days=first),
        stop=None if length is None else ORIGIN + dt.timedelta(days=first + length),
    ),
    st.integers(0, 60),
    st.none() | st.integers(1, 40),
)
spans = st.tuples(half_days, half_days).map(sorted).filter(lambda s: s[0] < s[1])
ramps = st.integers(0, 50).map(float)


def moments(window, span):
    """Return the middles of the slices of `span` in which `window` is in force [days]."""
    first = (window.start - ORIGIN).days
    last = float("inf") if window.stop is None else (window.stop - ORIGIN).days
    n = round((span[1] - span[0]) * SLICES)
    middles = (span[0] + (k + 0.5) / SLICES for k in range(n))
    return first, [t for t in middles if first <= t < last]


@given(windows, spans)
def test_days_in_force_are_the_days_counted_one_by_one(window, span):
    _, inside = moments(window, span)
    assert window.days_in(*span, ORIGIN) == pytest.approx(len(inside) / SLICES)


@given(windows, spans, ramps)
@example(Window(start=ORIGIN), (0.0, 7.0), 7.0)
@example(Window(start=ORIGIN), (3.5, 7.0), 5.0)
def test_progress_is_the_mean_of_the_ramp_over_the_days_in_force(window, span, ramp):
    first, inside = moments(window, span)
    rise = [1.0 if ramp == 0 else min(1.0, (t - first) / ramp) for t in inside]
    expected = sum(rise) / len(rise) if rise else 0.0
    assert window.progress(*span, ORIGIN, ramp) == pytest.approx(expected, abs=1e-4)


@given(windows, spans, ramps, half_days)
def test_a_span_cut_in_two_holds_the_same_days_and_the_same_ramp(window, span, ramp, cut):
    a, b = span
    cut = min(max(cut, a), b)
    days = [window.days_in(*s, ORIGIN) for s in ((a, cut), (cut, b), (a, b))]
    done = [window.progress(*s, ORIGIN, ramp) for s in ((a, cut), (cut, b), (a, b))]
    assert days[0] + days[1] == pytest.approx(days[2])
    assert days[0] * done[0] + days[1] * done[1] == pytest.approx(days[2] * done[2], abs=1e-9)


@pytest.mark.parametrize(
    ("span", "days", "progress"),
    [
        ((0, 7), 0, 0),  # before
        ((3, 10), 0, 0),  # ends with the eve of the first day
        ((3, 11), 1, 0.05),  # the first day
        ((10, 20), 10, 0.5),  # the whole ramp
        ((18, 22), 4, (2 * 0.9 + 2 * 1.0) / 4),  # across its end
        ((20, 27), 7, 1),  # after it
        ((27, 34), 3, 1),  # stops within
        ((30, 37), 0, 0),  # from the day that no longer counts
    ],
)
def test_the_first_day_counts_and_the_day_of_the_stop_does_not(span, days, progress):
    window = Window(start=dt.date(2025, 6, 12), stop=dt.date(2025, 7, 2))  # days 10 to 29
    assert window.days_in(*span, ORIGIN) == days
    assert window.progress(*span, ORIGIN, 10.0) == pytest.approx(progress)


def test_a_stop_cuts_a_ramp_that_is_not_yet_up():
    window = Window(start=ORIGIN, stop=ORIGIN + dt.timedelta(days=5))
    assert window.progress(0, 7, ORIGIN, 10.0) == pytest.approx(0.25)
