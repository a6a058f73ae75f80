"""Nothing of the model: errors, atomic writing, locks, signals, progress, versions, units."""
