"""The settings of TLS: `https` in config.yaml."""

from typing import Literal

from pydantic import Field

from hubinstall.sections import Section
from hubinstall.values import Email


class LetsEncrypt(Section):
    email: Email | None = Field(
        None,
        description="Where Let's Encrypt may write to. Kept for the coming mode `letsencrypt`; nothing uses it yet.",
        examples=["ops@example.org"],
    )


class Https(Section):
    mode: Literal["self-signed"] = Field(
        "self-signed",
        description="Where the certificate comes from. `self-signed`: made on the machine, for `domain` or, without"
        " one, for the machine's name and addresses; browsers warn once.",
    )
    letsencrypt: LetsEncrypt = Field(default_factory=LetsEncrypt, description="The account at Let's Encrypt.")
