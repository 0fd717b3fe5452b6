"""Leads: who is interested in which project, and how far it has come.

Keeps one book for each customer with the facts that make leads: captures, contacts, visits and deals. A project's first
fact of interest opens a lead, all later ones join it (one open lead per customer and project), until its deals are
cancelled in full. A lead's state is the highest stage its facts reach, so their order does not matter, and neither does
whose fact came first when two customers turn out to be one. By HTTP it also takes leads in.
"""
