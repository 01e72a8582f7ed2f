"""What the played partners and affiliates have in common; like them it shares no code with the product."""
