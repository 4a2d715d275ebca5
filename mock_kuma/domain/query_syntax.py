"""Reads the text of a query: sqlglot parses it as ClickHouse, and only what is listed here passes.

With ``query_expressions`` the only module that knows sqlglot, which takes a tenth of a second to load:
import it when a query is there to be read. Rule: a clause that nobody named here is ``invalid sql``, so
nothing is silently left out of what the client asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlglot import TokenType, exp
from sqlglot.dialects.clickhouse import ClickHouse
from sqlglot.errors import ErrorLevel, SqlglotError
from sqlglot.parsers.clickhouse import ClickHouseParser

from mock_kuma.domain.query_expressions import parts, written
from mock_kuma.domain.query_problems import InvalidSql, LimitRequired, LimitTooLarge, WrongTable
from mock_kuma.domain.query_tree import Item, Select, Star, Written

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlglot import Token

TABLE: Final = "events"
#: Above this the vendor refuses (REST API, 4.1) [R].
LIMIT: Final = 1_000
# GUESS: longer or deeper queries are refused; the vendor names no limit.
LENGTH: Final = 16_384
DEPTH: Final = 20

_CLAUSES: Final = ("expressions", "from_", "where", "group", "having", "order", "limit", "offset")
_OPENING: Final = frozenset({TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.L_BRACE})
_CLOSING: Final = frozenset({TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE})
#: What makes a parser go deeper without a bracket.
_PREFIXES: Final = frozenset({TokenType.NOT, TokenType.DASH, TokenType.PLUS})


class _Parser(ClickHouseParser):
    """Tells ``a NOT IN b`` from ``NOT a IN b``, which ClickHouse takes for different functions."""

    def _negate_range(self, this: exp.Expr | None = None) -> exp.Expr | None:
        negated = super()._negate_range(this)
        if negated is not None:
            negated.meta["infix"] = True
        return negated


def read(sql: str) -> Select:
    """Return the query as it is written; raises a ``QueryProblem``."""
    if len(sql) > LENGTH:
        raise InvalidSql(f"longer than {LENGTH} characters")
    dialect = ClickHouse()
    try:
        tokens = dialect.tokenize(sql)
        _refuse_depth(tokens)
        statements = _Parser(dialect=dialect, error_level=ErrorLevel.IMMEDIATE).parse(tokens, sql)
        if len(statements) != 1 or not isinstance(statements[0], exp.Select):
            raise InvalidSql("only one SELECT query is allowed")
        return _select(statements[0])
    except SqlglotError as error:
        # The rest of the parser's message is a picture of the text, with terminal colours.
        raise InvalidSql(str(error).partition("\n")[0].strip()) from error
    except RecursionError as error:
        raise InvalidSql("nested too deeply") from error


def _refuse_depth(tokens: Iterable[Token]) -> None:
    depth = run = deepest = 0
    for token in tokens:
        if token.token_type is TokenType.SEMICOLON:
            raise InvalidSql("one query, without a semicolon")
        depth += (token.token_type in _OPENING) - (token.token_type in _CLOSING)
        run = run + 1 if token.token_type in _PREFIXES else 0
        deepest = max(deepest, depth, run)
    if deepest > DEPTH:
        raise InvalidSql(f"nested deeper than {DEPTH}")


def _select(node: exp.Select) -> Select:
    parts(node, *_CLAUSES)
    _refuse_tables(node.args.get("from_"))
    if node.args.get("limit") is None:
        raise LimitRequired
    limit = _number(node.args["limit"])
    if limit > LIMIT:
        raise LimitTooLarge(LIMIT)
    if not node.expressions:
        raise InvalidSql("SELECT without expressions")
    return Select(
        items=tuple(_item(one) for one in node.expressions),
        where=_condition(node.args.get("where")),
        group=tuple(written(one) for one in _list(node.args.get("group"))),
        having=_condition(node.args.get("having")),
        order=tuple(_ordered(one) for one in _list(node.args.get("order"))),
        limit=limit,
        offset=_number(node.args["offset"]) if node.args.get("offset") else 0,
    )


def _refuse_tables(source: exp.Expr | None) -> None:
    table = source.this if source is not None else None
    if not isinstance(table, exp.Table):
        raise InvalidSql("FROM events is required, and nothing else there")
    if not isinstance(table.this, exp.Identifier) or table.args.get("db") or table.name != TABLE:
        raise WrongTable(table.sql("clickhouse")[:64])
    parts(table, "this")


def _number(node: exp.Expr) -> int:
    parts(node, "expression")
    number = node.expression
    if not isinstance(number, exp.Literal) or number.is_string or not number.name.isdecimal():
        raise InvalidSql("LIMIT and OFFSET are whole numbers")
    return int(number.name)


def _item(node: exp.Expr) -> Item:
    if isinstance(node, exp.Alias):
        parts(node, "this", "alias")
        return Item(written(node.this), node.alias)
    if isinstance(node, exp.Star):
        parts(node)
        return Item(Star(), None)
    return Item(written(node), None)


def _condition(node: exp.Expr | None) -> Written | None:
    if node is None:
        return None
    parts(node, "this")
    return written(node.this)


def _list(node: exp.Expr | None) -> list[exp.Expr]:
    if node is None:
        return []
    parts(node, "expressions")
    expressions: list[exp.Expr] = node.expressions
    if not expressions:
        raise InvalidSql("a list of expressions is empty")
    return expressions


def _ordered(node: exp.Expr) -> tuple[Written, bool]:
    parts(node, "this", "desc")
    if node.args.get("nulls_first"):
        raise InvalidSql("NULLS FIRST is not allowed")
    return written(node.this), bool(node.args.get("desc"))
