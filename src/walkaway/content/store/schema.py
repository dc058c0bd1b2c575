"""The store's tables, and what SQLite itself is to keep true between them.

`block` has a row for each block, named by its multihash, so that both versions of
an address find it. ``size`` is null where only the row is left: the bytes turned
out damaged, but a pin holds their place. `content` has the bytes. `held` says
which blocks a pin holds; ``block.pins`` counts that, so that what may leave is found
by an index, oldest use first. Uses are counted by ``state.clock``, which every
writing transaction moves on: no clock of the machine's has a part in it.
"""

from __future__ import annotations

import sqlite3

from walkaway.errors import ConfigError

__all__ = ["prepare"]

VERSION = 1
_APPLICATION = 0x77616C6B
_PAGE_BYTES = 16 * 1024

_TABLES = """
BEGIN IMMEDIATE;
CREATE TABLE block (
    id INTEGER PRIMARY KEY, name BLOB NOT NULL UNIQUE, size INTEGER, used INTEGER NOT NULL,
    pins INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX leaving ON block (used) WHERE pins = 0;
CREATE TABLE content (id INTEGER PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE pin (
    id INTEGER PRIMARY KEY AUTOINCREMENT, root BLOB NOT NULL UNIQUE, name TEXT NOT NULL,
    recursive INTEGER NOT NULL, complete INTEGER NOT NULL
);
CREATE TABLE held (
    pin INTEGER NOT NULL, block INTEGER NOT NULL, PRIMARY KEY (pin, block)
) WITHOUT ROWID;
CREATE TABLE lease (token TEXT PRIMARY KEY, since INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE state (clock INTEGER NOT NULL, blocks INTEGER NOT NULL, bytes INTEGER NOT NULL);
INSERT INTO state VALUES (1, 0, 0);

CREATE TRIGGER block_came AFTER INSERT ON block WHEN new.size IS NOT NULL BEGIN
    UPDATE state SET blocks = blocks + 1, bytes = bytes + new.size;
END;
CREATE TRIGGER block_refilled AFTER UPDATE OF size ON block
WHEN old.size IS NULL AND new.size IS NOT NULL BEGIN
    UPDATE state SET blocks = blocks + 1, bytes = bytes + new.size;
END;
CREATE TRIGGER block_emptied AFTER UPDATE OF size ON block
WHEN old.size IS NOT NULL AND new.size IS NULL BEGIN
    UPDATE state SET blocks = blocks - 1, bytes = bytes - old.size;
    DELETE FROM content WHERE id = old.id;
END;
CREATE TRIGGER block_left AFTER DELETE ON block BEGIN
    UPDATE state SET blocks = blocks - (old.size IS NOT NULL),
                     bytes = bytes - coalesce(old.size, 0);
    DELETE FROM content WHERE id = old.id;
END;
CREATE TRIGGER held_more AFTER INSERT ON held BEGIN
    UPDATE block SET pins = pins + 1 WHERE id = new.block;
END;
CREATE TRIGGER held_less AFTER DELETE ON held BEGIN
    UPDATE block SET pins = pins - 1 WHERE id = old.block;
END;
CREATE TRIGGER pin_removed AFTER DELETE ON pin BEGIN
    DELETE FROM held WHERE pin = old.id;
END;
"""


def prepare(file: sqlite3.Connection) -> None:
    """Make the tables where there are none yet. One process at a time does this.

    Raises:
        ConfigError: a newer walkaway made them, or something else did.
    """
    version = int(file.execute("PRAGMA user_version").fetchone()[0])
    if version > VERSION:
        raise ConfigError(
            "the block store was written by a newer walkaway",
            advice="use that one, or give this one its own --state-directory",
        )
    if version == VERSION:
        return
    if file.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
        raise ConfigError(
            "the file of the block store is another program's",
            advice="give walkaway a state directory of its own (--state-directory)",
        )
    file.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
    file.execute("PRAGMA auto_vacuum = INCREMENTAL")
    file.execute("PRAGMA journal_mode = WAL")
    file.executescript(
        f"{_TABLES}PRAGMA application_id = {_APPLICATION};PRAGMA user_version = {VERSION}; COMMIT;"
    )
