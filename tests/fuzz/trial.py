"""A trial: what it draws follows from a seed and its number, so it can be repeated alone."""

import re
from pathlib import Path

import numpy as np

from tests.helpers.cli import JARGON

LONGEST = 20_000  # characters of a refusal


class Trial:
    """The draws of a trial, its own folder, and notes of what it drew."""

    def __init__(self, seed, number, folder):
        self.number, self.folder = number, Path(folder)
        self.rng = np.random.default_rng([seed, number])
        self.notes = []

    def chance(self, p):
        """Return True with probability `p`."""
        return bool(self.rng.random() < p)

    def one_of(self, options):
        """Return one of some options, all alike."""
        options = list(options)
        return options[self.below(len(options))]

    def some_of(self, options, least=0):
        """Return some of the options, `least` or more, in their order."""
        options = list(options)
        n = int(self.rng.integers(least, len(options) + 1))
        return [options[k] for k in sorted(self.rng.permutation(len(options))[:n])]

    def below(self, n):
        """Return a whole number from 0 to `n` - 1."""
        return int(self.rng.integers(n))

    def note(self, *what):
        """Keep what was drawn: it is printed where the trial fails."""
        self.notes.append(" ".join(map(str, what)))


def assert_in_words(message):
    """Fail unless a refusal is text that users of the simulator can read."""
    assert message.strip(), "refused without a word"
    assert not (found := JARGON.search(message)), f"{found[0]!r} in: {message}"
    assert not (found := re.search(r"\bsim/\w+/\w+\.py\b", message)), f"code in: {message}"
    assert len(message) < LONGEST, f"{len(message)} characters: {message[:200]}"
