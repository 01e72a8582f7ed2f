"""What a host is called: its name in lower case, as registers of ours write it."""

HOST = r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$"
"""A name of at least two parts that ends in letters, so never an address."""
