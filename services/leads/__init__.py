"""Leads: who works on whom, and when. Not built yet: the layout is here, no rule is."""
