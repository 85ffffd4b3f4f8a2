"""One module for each subject; importing them registers their theorems."""
