"""Two years of a company that does not exist: made, folded by the product, and counted by hand."""
