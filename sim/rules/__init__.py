"""The model: what one user does in a step, one rule a file, beside its equations.

Rules are small compiled functions without files, configuration or shared state. Each file declares
the parameters, state and random numbers of its rule (`declare.py`). The sections are
those of docs/model.md; the order is that of a step (`step.py`, 2.14).

====================================================  ==================================  =========
rule                                                  file                                section
====================================================  ==================================  =========
share of attempts that succeed at a place             availability.py, place.py           2.2
group chats move                                      groups.py, chat_lists.py            2.5b
offenders adapt, attempts reach users                 abuse.py                            2.12
which messengers a user reconsiders, and what for     adoption.py                         2.4
whether a user reconsiders a VPN                      circumvention.py                    2.9
choice of a platform on every tie and channel         choice.py, tie.py                   2.3
value of one messenger or a VPN more                  marginal_value.py                   2.4, 2.9
the contact of the step                               contact.py, beliefs.py              2.1, 2.8
openings of messengers                                activity.py                         2.13
pairs move their calls                                pairing.py                          2.5a
messengers are installed, kept or dropped             adoption.py, transition.py          2.4
habits follow use                                     habit.py, relaxation.py             2.6
mandates, campaigns, pre-installation                 promotion.py                        2.10
awareness, beliefs, news                              beliefs.py, relaxation.py           2.7, 2.8
how surveillance repels or attracts                   surveillance_attitude.py            2.8
a VPN is taken up, kept or dropped                    circumvention.py                    2.9
users become victims of abuse                         abuse.py                            2.12
====================================================  ==================================  =========

The other files hold data and what rules share: `records.py` (the rows that rules read and write),
`registered.py` (own rules, from outside the package), `ceilings.py` and `tiles.py` (what a run
has room for, and messengers by tile), `chance.py` (events and yes-or-no decisions, 2.1),
`fixed_point.py` (numbers kept in two bytes), `packed_state.py` (what contacts see of a user) and
`candidates.py` (users whom chance does not rule out). How the compiler and the vectors work is in
`sim/kernel`; readers of rules need not know it.
"""
