"""Contacts as operators see them without a reason: enough to tell two apart, too little to call."""


def masked(channel: str, contact: str | None) -> str | None:
    """A phone with its country and its last two digits, an email with the first letters of its parts."""
    if not contact:
        return None
    if channel == "email":
        name, _, host = contact.partition("@")
        first, _, rest = host.partition(".")
        return f"{name[:1]}***@{first[:1]}***.{rest.rpartition('.')[2]}"
    return f"{contact[:4]} ** *** *{contact[-2:]}" if len(contact) > 7 else "***"
