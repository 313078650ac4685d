"""An installation's files and people, as far as the hub's side reads them."""

import json

from traitlets.config import Config

from fakes.hub_people import ALICE, SETTINGS, person
from hubinstall import layout
from hubinstall.hubside import config
from hubinstall.hubside.accounts import Account

PEOPLE = {"alice": ALICE, "bob": person("bob", 1001), "root": person("root", 0), "carol": person("carol", 1002)}


def with_people(monkeypatch) -> None:
    for method in ("find", "brief"):
        monkeypatch.setattr(Account, method, classmethod(lambda _cls, name: PEOPLE.get(name)))


def with_files(tmp_path, monkeypatch) -> None:
    for name in (
        "HUB_DATABASE",
        "DROPIN_REPORT",
        "HUB_SETTINGS",
        "HUB_DROPINS",
        "PROXY_TOKEN_FOR_HUB",
        "VERIFY_TOKEN_FOR_HUB",
    ):
        monkeypatch.setattr(layout, name, str(tmp_path / name.lower()))
    (tmp_path / "hub_settings").write_text(json.dumps(SETTINGS.as_dict()))
    (tmp_path / "hub_dropins").mkdir()
    (tmp_path / "proxy_token_for_hub").write_text("secret-p")
    (tmp_path / "verify_token_for_hub").write_text("secret-v\n")


def configured() -> Config:
    c = Config()
    config.configure(c)
    return c
