"""The rules of loyalty, by hand-worked examples and by properties."""
