"""What the policy and the laws say, as plain values and functions.

Nothing in this package imports anything but the standard library, so each rule can be read, and tested, on its own.
"""
