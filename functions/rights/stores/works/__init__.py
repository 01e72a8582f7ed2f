"""What the five operations do with one collection: `rights.stores.work` takes them through it, page by page."""
