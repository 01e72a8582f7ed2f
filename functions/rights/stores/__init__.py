"""The mall's stores as this system reaches them: one small contract, one connector per kind of store."""
