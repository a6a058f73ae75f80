"""How a run begins: solved so that the start matches the record and stands still."""
