"""The same trouble has the same fingerprint, however it is worded and however often it comes."""

import re

from monitor.model.triage import Diagnosis

#: What differs between two cases of one trouble: numbers of addresses and of runs.
_RESTLESS = re.compile(r"[0-9a-f:.]*\d+\.\d+[0-9a-f:.]*|[0-9a-f]*:[0-9a-f:]+", re.IGNORECASE)


def fingerprint(diagnosis: Diagnosis, where: str = "") -> str:
    """``gateway:processing:brand=visa:503``: layer, cause, part and code. ``where`` stands in when the verdict names no part.

    Addresses are left out: a gateway's pool of them changes between two outages of the same kind.
    """
    part = diagnosis.where or where
    part = "address" if _RESTLESS.fullmatch(part.split(",")[0]) else part
    return ":".join(_plain(each) for each in (diagnosis.layer.value, diagnosis.cause, part, diagnosis.code))


def _plain(text: str) -> str:
    return "-".join(text.split()).replace(":", ".") or "-"
