"""The Kafka door: Faust with whole record batches. The only place that imports faust."""
