"""What every service is mounted on: mechanism only, no business words, nothing of ours imported.

Read `fold/` first (the protocol of exactly-once effect), then `stream/` (the Kafka door), `store/` (MongoDB) and the doors.
"""
