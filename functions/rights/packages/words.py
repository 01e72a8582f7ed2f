"""What the data map names by codes, in words for a person: collections, fields, purposes, grounds of law, recipients.

What is not listed here is shown as the data map has it: a name made readable, a description in the map's own language.
"""

import re

from rights.domain.rights import Locale
from rights.notices.i18n import N_, say

COLLECTION: dict[str, str] = {
    "accounts/accounts": N_("Your account"),
    "login/users": N_("Your sign-in"),
    "profiles/profile": N_("What we think you like"),
    "profiles/search_history": N_("Your searches"),
    "profiles/favourites": N_("Your favourites"),
    "profiles/cart": N_("Your cart"),
    "profiles/consents": N_("What you agreed to"),
    "orders/orders": N_("Orders"),
    "orders/order_items": N_("What you ordered"),
    "orders/consignees": N_("To whom orders were sent"),
    "orders/payments": N_("Payments"),
    "orders/after_sales": N_("Returns and complaints about orders"),
    "support/files": N_("Recordings, chats and files"),
    "support_tickets/tickets": N_("Cases with customer service"),
    "risk/signals": N_("Security signals"),
    "ledger/requests": N_("Requests to us"),
    "ledger/events": N_("History of your requests"),
    "ledger/notices": N_("Messages about your requests"),
    "service_logs/page_views": N_("Pages you looked at"),
    "service_logs/clicks": N_("What you clicked on"),
    "service_logs/searches": N_("What was searched for"),
    "service_logs/devices": N_("Devices that were used"),
    "service_logs/places": N_("Places you were at"),
    "cpes/shared": N_("What the delivery service has"),
    "payments/shared": N_("What the payment provider has"),
    "ads/shared": N_("What the advertising partner has"),
    "analytics/shared": N_("What the analytics partner has"),
}

FIELD: dict[str, str] = {
    "account_hash": N_("Hash of your account number"),
    "account_id": N_("Account number"),
    "address": N_("Address"),
    "after_sale_id": N_("Case number"),
    "amount": N_("Amount"),
    "answer": N_("Our answer"),
    "at": N_("Time"),
    "balance": N_("Balance"),
    "birth_date": N_("Date of birth"),
    "body": N_("What you wrote"),
    "by": N_("Done by"),
    "card_handle": N_("Token of the card"),
    "case_id": N_("Number of the case"),
    "channel": N_("Channel"),
    "clock_rule": N_("Rule for our time to answer"),
    "closed_at": N_("Closed"),
    "code": N_("What happened"),
    "consignee": N_("Who gets the parcel"),
    "consignee_id": N_("Delivery number"),
    "contact_changed_at": N_("Contact changed"),
    "contact_hash": N_("Hash of your contact"),
    "contact_phone": N_("Phone number for deliveries"),
    "content": N_("Content"),
    "content_type": N_("Type of file"),
    "coupons": N_("Coupons"),
    "created_at": N_("Created"),
    "currency": N_("Currency"),
    "customer": N_("Customer"),
    "customer_name": N_("Your name"),
    "data_map": N_("Version of our data map"),
    "description": N_("Description"),
    "device": N_("Device"),
    "device_id": N_("Number of the device"),
    "display_name": N_("Name shown"),
    "dt": N_("Day"),
    "due_at": N_("Answer due"),
    "element": N_("What was clicked on"),
    "email": N_("Email address"),
    "email_verified": N_("Email address checked"),
    "enabled": N_("Sign-in open"),
    "event_id": N_("Number of the entry"),
    "files": N_("Files"),
    "granted": N_("Agreed"),
    "id": N_("Number"),
    "interests": N_("Interests"),
    "ip": N_("Internet address (IP)"),
    "item": N_("Entry"),
    "jurisdiction": N_("Law that applies"),
    "key": N_("Name of the file"),
    "kind": N_("Kind"),
    "language": N_("Language"),
    "last_modified": N_("Last changed"),
    "latitude": N_("Latitude"),
    "locale": N_("Language"),
    "longitude": N_("Longitude"),
    "method": N_("Way of paying"),
    "model": N_("Model"),
    "modified_at": N_("Last changed"),
    "name": N_("Name"),
    "notice": N_("Message"),
    "opened_at": N_("Opened"),
    "order_id": N_("Order number"),
    "order_item_id": N_("Line of the order"),
    "os": N_("Operating system"),
    "outcome": N_("Outcome"),
    "page": N_("Page"),
    "paid_at": N_("Paid"),
    "parcels": N_("Parcels"),
    "password_changed_at": N_("Password changed"),
    "payment_handles": N_("Tokens of payment providers"),
    "payment_id": N_("Payment number"),
    "payments": N_("Payments"),
    "personalised": N_("Personalised search"),
    "phone": N_("Phone number"),
    "phone_number": N_("Phone number"),
    "phone_number_verified": N_("Phone number checked"),
    "placed_at": N_("Ordered"),
    "points": N_("Points"),
    "policy_version": N_("Version of the privacy policy"),
    "product": N_("Product"),
    "province": N_("Province"),
    "purpose": N_("Purpose"),
    "quantity": N_("Quantity"),
    "query": N_("Searched for"),
    "received_at": N_("Received"),
    "referrer": N_("Page before it"),
    "request_id": N_("Number of the request"),
    "requester": N_("Asked by"),
    "restricted": N_("Use stopped"),
    "restricted_at": N_("Use stopped since"),
    "results": N_("Results"),
    "right": N_("Right"),
    "score": N_("Score"),
    "security": N_("Protection of the account"),
    "sent_at": N_("Sent"),
    "signal": N_("Signal"),
    "size": N_("Size in bytes"),
    "status": N_("Status"),
    "sub": N_("Technical number"),
    "subject": N_("Subject"),
    "tags": N_("Tags"),
    "ticket_id": N_("Case number"),
    "total": N_("Total"),
    "two_step": N_("Two-step sign-in"),
    "unit_price": N_("Price of one"),
    "user": N_("Who it was"),
    "username": N_("User name"),
    "version": N_("Version"),
    "versions": N_("Versions"),
    "visits": N_("Visits"),
}

PURPOSE: dict[str, str] = {
    "analytics": N_("To understand how the service is used"),
    "analytics.reporting": N_("Counting and understanding how our services are used"),
    "essential.fraud_detection": N_("To protect against fraud and abuse"),
    "essential.legal_obligation": N_("To do what the law requires"),
    "essential.service": N_("To provide what you use"),
    "essential.service.authentication": N_("To let you sign in"),
    "essential.service.fulfillment": N_("Delivering what you order"),
    "essential.service.operations": N_("To run the service"),
    "essential.service.operations.support": N_("To help you as a customer"),
    "essential.service.payment_processing": N_("To process payments"),
    "essential.service.security": N_("Keeping our services safe"),
    "finance": N_("Accounts and taxes"),
    "functional": N_("To run the service"),
    "marketing": N_("Advertising"),
    "marketing.advertising": N_("Advertising"),
    "marketing.advertising.third_party.targeted": N_("Advertising chosen by a partner"),
    "personalize": N_("To suggest what may interest you"),
    "personalize.content.profiling": N_("To suggest what may interest you, from a profile of you"),
    "third_party_sharing": N_("To share with others"),
}
"""By Fideslang's names of data uses; of one that is not here the nearest one above it."""

LEGAL_BASIS: dict[str, str] = {
    "consent": N_("Your consent, which you can take back at any time"),
    "contract": N_("The contract with you"),
    "legal_obligation": N_("A duty by law"),
    "legitimate_interests": N_("Our legitimate interest, to which you can object"),
    "vital_interests": N_("To protect somebody's life"),
    "public_interest": N_("A task in the public interest"),
}

RECIPIENT: dict[str, str] = {
    "cpes": N_("Cambodia Post E-Solutions, which delivers"),
    "payments": N_("The payment provider"),
    "ads": N_("The advertising partner"),
    "analytics": N_("The partner that measures use"),
}

SOURCE: dict[str, str] = {
    "person": N_("You gave it to us"),
    "use": N_("It came about as you used our services"),
    "mall": N_("We made it ourselves, from other records"),
    "person_and_mall": N_("From you, and from our answers"),
    "others": N_("Somebody else gave it to us"),
}

CATEGORY: dict[str, str] = {
    "system": N_("technical records"),
    "user.account": N_("account"),
    "user.authorization": N_("sign-in"),
    "user.behavior": N_("what you do with us"),
    "user.behavior.browsing_history": N_("what you looked at"),
    "user.behavior.purchase_history": N_("what you bought"),
    "user.behavior.search_history": N_("what you searched for"),
    "user.biometrics": N_("your voice or features of your body"),
    "user.contact": N_("contact details"),
    "user.content": N_("what you wrote or sent"),
    "user.demographic": N_("facts about you"),
    "user.device": N_("devices"),
    "user.financial": N_("money and accounts"),
    "user.location": N_("places"),
    "user.name": N_("name"),
    "user.payment": N_("payments"),
    "user.privacy_preferences": N_("what you agreed to or asked for"),
    "user.unique_id": N_("numbers that stand for you"),
    "user": N_("other data about you"),
}
"""By Fideslang's names of data categories, the nearest one above counting."""

PLACE: dict[str, str] = {"KH": N_("Cambodia"), "CN": N_("China"), "SG": N_("Singapore"), "EU": N_("European Union")}
"""Where data are kept, by the residency of the data map."""

_UNITS: dict[str, tuple[str, str]] = {
    "Y": (N_("1 year"), N_("{number} years")),
    "M": (N_("1 month"), N_("{number} months")),
    "W": (N_("1 week"), N_("{number} weeks")),
    "D": (N_("1 day"), N_("{number} days")),
}
_PART = re.compile(r"(\d+)([YMWD])")


def nearest(code: str, known: dict[str, str]) -> str | None:
    """What is known of a dotted code, or of the nearest one above it."""
    while code and code not in known:
        code = code.rpartition(".")[0]
    return known.get(code)


def in_words(period: str, locale: Locale) -> str:
    """An ISO 8601 period (`P10Y`) as a person says it."""
    parts = []
    for number, unit in _PART.findall(period):
        words = _UNITS[unit][int(number) != 1]
        parts.append(say(locale, words, number=int(number)))
    return " ".join(parts) or period


def readable(name: str) -> str:
    """A name of the data map as words: `last_seen_at` is "Last seen at"."""
    text = re.sub(r"[_\-.\s]+", " ", name).strip()
    return text[:1].upper() + text[1:] if text else name
