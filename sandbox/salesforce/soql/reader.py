"""A walk over SOQL tokens: look, take, insist. The grammar is parser.py and conditions.py."""

from __future__ import annotations

from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.soql.lexer import Token, malformed, tokens
from sandbox.salesforce.soql.tree import Call, Path

#: Words that end a FROM clause and so cannot be its alias.
CLAUSES = frozenset(
    {"WHERE", "WITH", "USING", "GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET", "FOR", "UPDATE", "ALL"}
)

#: How deep parentheses and NOTs may nest; beyond that the platform calls a query too complicated.
_MAX_DEPTH = 60

#: Digits of the largest count that LIMIT, OFFSET and date words take: they are 32-bit numbers.
_LONGEST_NUMBER = 10


class Reader:
    """The position in one query's tokens. Methods that do not find what they need raise MALFORMED_QUERY."""

    def __init__(self, soql: str) -> None:
        self.soql = soql
        self._tokens = tokens(soql)
        self._at = 0
        self._depth = 0

    @property
    def next(self) -> Token:
        return self._tokens[self._at]

    def after_next(self) -> Token:
        return self._tokens[min(self._at + 1, len(self._tokens) - 1)]

    def take(self) -> Token:
        token = self.next
        if token.kind != "end":
            self._at += 1
        return token

    def at_word(self, *words: str) -> bool:
        return self.next.kind == "name" and self.next.text.upper() in words

    def at_symbol(self, symbol: str) -> bool:
        return self.next.kind == "symbol" and self.next.text == symbol

    def skip_word(self, word: str) -> bool:
        """Take this word if it comes next; whether it did."""
        if self.at_word(word):
            self.take()
            return True
        return False

    def skip_symbol(self, symbol: str) -> bool:
        if self.at_symbol(symbol):
            self.take()
            return True
        return False

    def need_word(self, word: str) -> None:
        if not self.skip_word(word):
            raise self.unexpected()

    def need_symbol(self, symbol: str) -> None:
        if not self.skip_symbol(symbol):
            raise self.unexpected()

    def need(self, kind: str) -> Token:
        if self.next.kind != kind:
            raise self.unexpected()
        return self.take()

    def whole_number(self) -> int:
        token = self.need("number")
        if not token.text.isdecimal() or len(token.text) > _LONGEST_NUMBER:
            raise malformed(self.soql, token.position, f"unexpected token: '{token.text}'")
        return int(token.text)

    def path(self) -> Path:
        first = self.need("name")
        parts = [first.text]
        while self.skip_symbol("."):
            parts.append(self.need("name").text)
        return Path(tuple(parts), first.position)

    def operand(self) -> Path | Call:
        """A field path, or a function of one."""
        if self.after_next().text != "(" or self.next.kind != "name":
            return self.path()
        name = self.take()
        self.need_symbol("(")
        argument = None if self.at_symbol(")") else self.path()
        self.need_symbol(")")
        return Call(name.text.upper(), argument, name.position)

    def deeper(self) -> None:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise ApiError("QUERY_TOO_COMPLICATED", "Query is either selecting too many fields or too deep")

    def shallower(self) -> None:
        self._depth -= 1

    def unexpected(self) -> ApiError:
        token = self.next
        return malformed(self.soql, token.position, f"unexpected token: '{token.text}'")
