"""Changes of stored documents from one format to the next; there are none yet."""
