"""What a gateway shows of itself without meaning to: early signs that something was deployed, renewed or put in front of it."""

from enum import StrEnum


class Trait(StrEnum):
    """A sample carries ``(trait, value)``: a short hash, a space, and for people what was hashed, cut off when it is long."""

    ISSUER = "issuer"  # who signed its certificate
    KEY = "key"  # the certificate's public key
    HEADERS = "headers"  # which headers it sends, their names alone
    SCHEMA = "schema"  # paths of its JSON answer, with the type of each


#: Longest text of a trait, its hash included. Cut off with an ellipsis.
TRAIT_MAX = 480
#: Traits that are lists, one word each; the others are one value.
LISTED = frozenset({Trait.HEADERS, Trait.SCHEMA})
ELLIPSIS = "…"
