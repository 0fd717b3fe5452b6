"""The facts, one module per subject. A struct's docstring is its description in the event reference.

Each struct names its wire type in `TYPE`; that string never changes. New fields get a default and go to the end.
"""
