"""The grounds on which data may be kept or a right refused (policy 1(6).3), in words for people."""

from rights.notices.i18n import N_

GROUND: dict[int, str] = {
    1: N_("national security or defence"),
    2: N_("public safety, public health or a major public interest"),
    3: N_("a criminal investigation or a court case"),
    4: N_("they protect the life, property or rights of a person"),
    5: N_("you made them public yourself"),
    6: N_("they come from lawful public sources"),
    7: N_("they are needed for a contract with you"),
    8: N_("they are needed to run our services safely"),
    9: N_("lawful news reporting"),
    10: N_("research in the public interest"),
    11: N_("a law requires it"),
}
"""The grounds of policy 1(6).3 in words: never shown by number alone."""
