"""What a person gives to log in to KashFlow, kept out of every repr and log. Does not log in."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from pydantic import SecretStr

#: Eight hexadecimal digits tell one set of credentials from the next, and leave whoever steals them with
#: so many passwords that fit that guessing does not pay.
_FINGERPRINT_DIGITS = 8


@dataclass(frozen=True)
class KashFlowCredentials:
    """The web login of one KashFlow user (reference section 1.2), best one made for this integration alone.

    Raises ValueError naming the setting that is empty.
    """

    username: str
    password: SecretStr
    memorable_word: SecretStr

    def __post_init__(self) -> None:
        given = {
            "USERNAME": self.username,
            "PASSWORD": self.password.get_secret_value(),
            "MEMORABLE_WORD": self.memorable_word.get_secret_value(),
        }
        for name, text in given.items():
            if not text.strip():
                raise ValueError(f"KASHFORCE_KASHFLOW_{name} is empty: set it to the web login's")

    def fingerprint(self) -> str:
        """A short name for exactly these credentials, the same in every process; costs about 50 ms of CPU.

        Slow, salted and cut short, so that it does not give the password away where it is stored.
        """
        secret = f"{self.password.get_secret_value()}\0{self.memorable_word.get_secret_value()}"
        salt = f"kashforce login breaker\0{self.username}"
        digest = hashlib.scrypt(secret.encode(), salt=salt.encode(), n=2**14, r=8, p=1, dklen=16)
        return digest.hex()[:_FINGERPRINT_DIGITS]
