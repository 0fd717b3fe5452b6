"""Service tickets: complaints, requests, satisfaction. Not built yet: the layout is here, no rule is."""
