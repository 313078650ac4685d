"""Runs as the hub's account: the accounts of people whom a sign-on knows, all at once, as its authenticator asks.

Reads a JSON list of names. Prints JSON: the seconds, and name → [account, UID], or why there is none.
"""

import asyncio
import json
import sys
import time

from hubinstall.hubside import helper
from hubinstall.hubside.new_accounts import account_name, ensure


async def ask(name: str) -> list[object] | str:
    try:
        account = await ensure(account_name(name), of=name)
    except (ValueError, helper.NoAccountError, helper.TooManyError, helper.UnavailableError) as error:
        return f"{type(error).__name__}: {error}"
    return [account.name, account.uid]


async def main(names: list[str]) -> None:
    began = time.monotonic()
    found = await asyncio.gather(*map(ask, names))
    seconds = round(time.monotonic() - began, 2)
    print(json.dumps({"seconds": seconds, "found": dict(zip(names, found, strict=True))}))


asyncio.run(main(json.load(sys.stdin)))
