"""IPython's history does not make cells wait for the disk."""

import sqlite3

from traitlets.config.loader import PyFileConfigLoader

from checkout_path import CHECKOUT

FOLDER = CHECKOUT / "templates/image/root/usr/local/etc/ipython"


def test_the_history_is_written_without_waiting(tmp_path):
    options = PyFileConfigLoader("ipython_config.py", path=str(FOLDER)).load_config().HistoryAccessor.connection_options
    file = str(tmp_path / "history.sqlite")
    connection = sqlite3.connect(file, **options)
    usual = sqlite3.connect(file)
    for made, synchronous, journal in ((connection, 0, "persist"), (usual, 2, "delete")):
        assert made.execute("PRAGMA synchronous").fetchone() == (synchronous,)
        assert made.execute("PRAGMA journal_mode").fetchone() == (journal,)
    assert options["check_same_thread"] is False
    connection.execute("CREATE TABLE history (line)")
    connection.commit()
    usual.execute("SELECT * FROM history")
