"""Tickets: complaints and requests, what was promised for them, and how satisfied a customer is.

Keeps one file for each customer. Every complaint and request is a ticket with clocks (first response, resolution) that
start at the fact's own time and are breached when it passes. The satisfaction score is computed, whenever it is asked
for, from all answers of surveys and, in a second figure, from what happened around tickets; it can say what made it.
"""
