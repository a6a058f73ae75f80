"""The live app: a run that somebody watches, its levers and its page."""
