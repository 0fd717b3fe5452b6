"""Who may do what at the doors: who asks, what the policy table allows, how often, and what is written down of it."""
