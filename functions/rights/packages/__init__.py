"""The access package: what a person is handed over, as one ZIP or as several volumes that are each a whole ZIP."""
