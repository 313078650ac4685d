"""The hub's pages show what config.yaml says, as text and never as markup."""

import re
from dataclasses import replace
from types import SimpleNamespace

import pytest

from fakes.hub_pages import page
from hubinstall.hubside.appearance import Appearance
from hubinstall.hubside.authenticator import HostAuthenticator

MINE = Appearance(
    title="Stats & <i>more</i>", logo="", help="https://example.org/?a=1&b=2", announcement="Exam <b>today</b>\nat 10"
)
PAGES = ("login.html", "home.html", "not_running.html", "error.html", "spawn_pending.html", "logout.html")
LOGS_IN_WITH_A_PASSWORD = SimpleNamespace(whose_passwords=HostAuthenticator.whose_passwords, request_otp=False)


def shown(name, appearance, authenticator=LOGS_IN_WITH_A_PASSWORD):
    server = SimpleNamespace(active=False, safe_start_offer=None)
    return page(name, appearance=appearance, authenticator=authenticator, default_server=server, url="/x")


@pytest.mark.parametrize("name", PAGES)
def test_every_page_shows_all_of_it(name):
    html = shown(name, MINE)
    assert "<title>Stats &amp; &lt;i&gt;more&lt;/i&gt;</title>" in re.sub(r">\s+|\s+<", lambda m: m[0].strip(), html)
    assert 'href="https://example.org/?a=1&amp;b=2"' in html
    assert "Exam &lt;b&gt;today&lt;/b&gt;\nat 10" in html


@pytest.mark.parametrize("name", PAGES)
def test_without_settings_a_page_is_jupyterhubs(name):
    html = shown(name, Appearance(title="", logo="", help="", announcement=""))
    assert "JupyterHub" in re.search(r"<title>\s*(.*?)\s*</title>", html, re.DOTALL)[1]
    assert 'id="help"' not in html
    assert "announcement" not in html
    assert 'id="hub-title"' not in html


@pytest.mark.parametrize(
    ("code", "words", "headline"),
    [
        (404, None, "Page not found"),
        (404, "No such user: bob", "404 : No such user: bob"),
        (403, "Action is not authorized with current scopes; requires any of [admin-ui]", "Not allowed"),
        (403, "bob is banned", "403 : bob is banned"),
    ],
)
def test_an_error_page_has_words_for_people(code, words, headline):
    html = page("error.html", appearance=MINE, status_code=code, status_message=words, message=words)
    assert re.search(r"<h1>\s*(.*?)\s*</h1>", html, re.DOTALL)[1] == headline


def test_the_dark_design_shows_the_letters_of_jupyterhubs_logo_and_leaves_ones_own_alone():
    assert "invert(1)" in shown("login.html", MINE)
    assert "invert(1)" not in shown("login.html", replace(MINE, logo="/usr/local/share/logo.svg"))


def test_the_login_page_says_whose_passwords_it_takes():
    words = "the password of your account on this machine"
    assert words in shown("login.html", MINE)
    assert words not in shown("login.html", MINE, SimpleNamespace(request_otp=False))


def test_the_waiting_page_has_no_red_button():
    html = shown("spawn_pending.html", MINE)
    assert 'cancel.classList.replace("btn-danger", "btn-link")' in html
    assert 'id="stop-server-btn" class="btn btn-danger' in html  # what the line above finds: JupyterHub's own button
