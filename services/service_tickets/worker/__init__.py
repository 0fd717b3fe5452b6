"""The Kafka door: which fact runs which rule. Read `table.py` as a list of policies."""
