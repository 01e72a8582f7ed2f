"""Affiliates: who they are, how they prove it is them, what they may ask for, and what they are told."""
