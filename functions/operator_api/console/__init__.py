"""The operators' console: pages over the JSON doors, which it asks by their addresses as any client would."""

from operator_api.console.site import Console

__all__ = ["Console"]
