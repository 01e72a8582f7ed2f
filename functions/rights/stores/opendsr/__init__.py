"""OpenDSR 2.0, spoken to partners and affiliates: a guarded transport, signatures, messages, and the asking itself."""
