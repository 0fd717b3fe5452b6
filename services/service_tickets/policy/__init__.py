"""The numbers of tickets and satisfaction, reviewed as files, published by `migrate`."""
