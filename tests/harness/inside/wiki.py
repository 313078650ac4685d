"""As much of a wiki (MediaWiki with its extension OAuth) as a sign-on needs: OAuth 1.0a (RFC 5849), whose signatures it
checks. Whoever comes is the one person that it knows, and agrees.

usage: python3 wiki.py ADDRESS PORT CONSUMER SECRET CALLBACK PERSON
"""

import base64
import hashlib
import hmac
import json
import re
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit

ADDRESS, PORT, CONSUMER, SECRET, CALLBACK, PERSON = sys.argv[1:]
HERE = f"http://{ADDRESS}:{PORT}"
SECRETS = {"": "", "request": "of-the-request", "access": "of-the-access"}
"""Token → what is secret in it."""


def escaped(text: str) -> str:
    return quote(text, safe="-._~")


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Wiki(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        known = query.get("title") == ["Special:OAuth/authenticate"] and query["oauth_consumer_key"] == [CONSUMER]
        if known and query["oauth_token"] == ["request"]:
            self.send_response(302)
            told = urlencode({"oauth_verifier": "agreed", "oauth_token": "request"})
            self.send_header("Location", f"{CALLBACK}?{told}")
            self.end_headers()
        else:
            self.say("no such page", 404)

    def do_POST(self) -> None:
        given = dict(re.findall(r'(\w+)="([^"]*)"', self.headers["Authorization"]))
        given = {name: unquote(value) for name, value in given.items()}
        title = parse_qs(urlsplit(self.path).query)["title"][0]
        step, token = title.rpartition("/")[2], given.get("oauth_token", "")
        if not hmac.compare_digest(given.pop("oauth_signature"), self.signature({**given, "title": title}, token)):
            self.say("Error: the signature is wrong")
        elif (step, token) == ("initiate", ""):
            self.say(urlencode({"oauth_token": "request", "oauth_token_secret": SECRETS["request"]}))
        elif (step, token, given.get("oauth_verifier")) == ("token", "request", "agreed"):
            self.say(urlencode({"oauth_token": "access", "oauth_token_secret": SECRETS["access"]}))
        elif (step, token) == ("identify", "access"):
            self.say(self.identity(given["oauth_nonce"]))
        else:
            self.say("Error: no such step")

    def signature(self, parameters: dict[str, str], token: str) -> str:
        pairs = sorted((escaped(name), escaped(value)) for name, value in parameters.items() if name != "realm")
        text = "&".join(f"{name}={value}" for name, value in pairs)
        base = "&".join(map(escaped, ("POST", f"{HERE}/index.php", text)))
        key = f"{escaped(SECRET)}&{escaped(SECRETS.get(token, ''))}"
        return base64.b64encode(hmac.digest(key.encode(), base.encode(), hashlib.sha1)).decode()

    def identity(self, nonce: str) -> str:
        """A JSON Web Token with the consumer's secret (RFC 7515), as the extension makes it."""
        now = int(time.time())
        claims: dict[str, object] = {"iss": HERE, "aud": CONSUMER, "sub": "7", "username": PERSON, "nonce": nonce}
        claims |= {"iat": now, "exp": now + 60}
        parts = [encoded(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, claims)]
        signed = ".".join(parts)
        return f"{signed}.{encoded(hmac.digest(SECRET.encode(), signed.encode(), hashlib.sha256))}"

    def say(self, text: str, code: int = 200) -> None:
        self.send_response(code)
        self.end_headers()
        self.wfile.write(text.encode())


if __name__ == "__main__":
    HTTPServer((ADDRESS, int(PORT)), Wiki).serve_forever()
