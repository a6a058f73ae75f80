"""Policies: what happens on dates and concerns everybody, one class a kind, one file a family.

A class says all about its kind: fields, checks, effects, its sentence. `policy.py` lists what it
can say, `registry.py` holds the known kinds, `grades.py` composes policies that act by place.
"""
