"""A small world for the toolkit's tests: two theorems, a defect and contracts, in processes of their own."""
