"""The one-machine cloud: never deployed, never imported by a function."""
