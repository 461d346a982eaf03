"""When two names of a firm are one and the same, however they are written. Knows nothing of who bears them."""

from __future__ import annotations

import unicodedata


def normalised(text: str) -> str:
    """Lower case, without accents, punctuation and spaces: `Müller & Sons, Ltd.` is `mullersonsltd`. Letters of every
    script stay, or all names in another one would be the same."""
    return "".join(char for char in unicodedata.normalize("NFKD", text.casefold()) if char.isalnum())
