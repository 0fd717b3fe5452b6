"""The numbers of loyalty, reviewed as files, published by `migrate`."""
