"""The kinds of columns that differ between databases: texts in one order, whole numbers of one width.

SQLite sorts texts by bytes and has wide numbers; elsewhere it must be said. Rule: every table takes its texts
and numbers from here, so that pages have the same order wherever they are kept.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy

#: Sorted by bytes: otherwise pages would follow the language of the database.
Text: Final = sqlalchemy.Text().with_variant(sqlalchemy.Text(collation="C"), "postgresql")
#: 64 bits; SQLite numbers rows by itself only under its own name for them.
Integer: Final = sqlalchemy.BigInteger().with_variant(sqlalchemy.Integer(), "sqlite")
