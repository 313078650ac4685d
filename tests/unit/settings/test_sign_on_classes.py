"""The table of options is the one that the locked oauthenticator makes."""

import sign_on_classes


def test_the_table_is_the_librarys():
    assert sign_on_classes.FILE.read_text(encoding="utf-8") == sign_on_classes.text()
