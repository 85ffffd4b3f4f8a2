"""The reference's functions over batches, differentially tested against it."""
