"""What stores, and the reasons for keeping something, are called in front of people."""

from rights.notices.i18n import N_

STORE: dict[str, str] = {
    "accounts": N_("Account"),
    "login": N_("Sign-in"),
    "login.freeze": N_("Sign-in, shut first"),
    "profiles": N_("Interests, searches and cart"),
    "orders": N_("Orders and payments"),
    "support": N_("Calls, chats and files of customer service"),
    "support_tickets": N_("Customer service cases"),
    "risk": N_("Security records"),
    "ledger": N_("Your requests to us"),
    "service_logs": N_("Browsing, clicks, devices and places"),
    "cpes": N_("Cambodia Post E-Solutions, which delivers"),
    "ads": N_("Our advertising partner"),
    "analytics": N_("Our analytics partner"),
    "payments": N_("Our payment provider"),
}
OTHER_STORE = N_("Other records")

REASON: dict[str, str] = {
    "statutory_records": N_("the law requires business records to be kept"),
    "open_dispute": N_("a dispute is still open"),
    "security_records": N_("they protect accounts against fraud and abuse"),
    "proof_of_requests": N_("they prove what you asked of us and what we did"),
}
