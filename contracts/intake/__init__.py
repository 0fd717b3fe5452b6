"""What outside systems send: the same facts with people as they know them, and personal and free text in the clear.

These forms travel on `crm.intake.*` only. `convert.py` makes the journal's form of one; `forms.py` is the list of all.
"""
