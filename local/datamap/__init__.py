"""The data map at its owner's desk: compared with the real stores, and made into what lets connectors reach them."""
