"""The shared package of every function: domain, ledger, stores, sealing, notices, telemetry."""
