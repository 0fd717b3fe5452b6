"""The rules of profile, by hand-worked examples and by properties."""
