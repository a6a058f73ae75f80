"""A hash of outcomes that does not depend on how they are packed in files."""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd
import pyarrow as pa


class OutcomeHash:
    """Hashes the outcomes of runs, in their order.

    Parameters
    ----------
    parameters : DataFrame
        Of the runs.
    """

    def __init__(self, parameters: pd.DataFrame) -> None:
        self._hash = hashlib.blake2b(digest_size=16)
        self._hash.update(parameters.to_json(orient="records", double_precision=15).encode())

    def add(self, piece: pa.Table) -> None:
        """Hash all columns of the rows; strings are hashed as text, not as dictionary codes."""
        for name in piece.column_names:
            column = piece[name].combine_chunks()
            if pa.types.is_dictionary(column.type):
                labels = np.array(column.dictionary.to_pylist(), object)
                values = pd.util.hash_array(labels)[column.indices.to_numpy()]
            else:
                values = column.to_numpy(zero_copy_only=False)  # null, what nobody is in: NaN
            self._hash.update(name.encode() + np.ascontiguousarray(values).tobytes())

    @property
    def hex(self) -> str:
        """Return the hash of all that was added."""
        return self._hash.hexdigest()
