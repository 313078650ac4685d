"""The accounts helper: root's program that for the hub checks a password, changes it for its owner, says whether an
account is as it was, and makes accounts for people whom a sign-on from elsewhere knows.

The hub's account can read no password's hash. It asks here, and gets an answer about people's accounts only: never a
hash, and not at the speed at which passwords are guessed. It makes accounts only where apply says so.
"""
