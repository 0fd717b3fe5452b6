"""The published language: facts as frozen structs, their topics, owners and readers, and how they travel.

Imports nothing of ours, so every service, tool and client can import it. No business rules live here.
"""
