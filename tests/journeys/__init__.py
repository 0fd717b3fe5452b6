"""What people do with a whole running Hearth, from the first fact to the last number."""
