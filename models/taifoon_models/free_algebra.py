"""An ideal hash: every combination is a fresh symbol, so two values are equal only when they were built alike.

What holds of mountain ranges over this combiner holds under collision resistance; what fails fails for a structural
reason, with any hash. Terms are interned as small integers, which makes equality cheap and runs repeatable.
"""

from __future__ import annotations

from taifoon.core.mmr.combiner import conforming_bag_orders
from taifoon.primitives.types import Height, LeafCount, LeafIndex, NodePosition
from taifoon.profile import Profile, Resolution

Term = int


class FreeCombiner:
    """A combiner over interned terms, with the rules of its profile on what a root and a bag commit to."""

    def __init__(self, profile: Profile, *, left_peak_first: bool = True) -> None:
        if left_peak_first not in conforming_bag_orders(profile):
            raise ValueError(f"profile {profile.name} fixes the left peak as a bag's first operand")
        self.profile = profile
        self.left_peak_first = left_peak_first
        self._terms: dict[tuple[object, ...], Term] = {}
        self._symbols: list[tuple[object, ...]] = []

    def sharing(self, *, left_peak_first: bool) -> FreeCombiner:
        """Another combiner over the same terms, with its own order of a bag's operands."""
        other = FreeCombiner(self.profile, left_peak_first=left_peak_first)
        other._terms, other._symbols = self._terms, self._symbols
        return other

    def term(self, *symbol: object) -> Term:
        """The term for a symbol and its arguments."""
        known = self._terms.get(symbol)
        if known is None:
            known = self._terms[symbol] = len(self._symbols)
            self._symbols.append(symbol)
        return known

    def show(self, term: Term) -> str:
        """The term as text, for traces."""
        symbol, *arguments = self._symbols[term]
        shown = [self.show(item) if isinstance(item, int) else str(item) for item in arguments]
        return f"{symbol}({', '.join(shown)})"

    def leaf(self, position: NodePosition, index: LeafIndex, content: bytes) -> Term:
        """A leaf's term holds its content alone, as the protocol's leaf hash does."""
        return self.term("leaf", content.hex())

    def node(self, position: NodePosition, height: Height, left: Term, right: Term) -> Term:
        """An inner node."""
        return self.term("node", left, right)

    def bag(self, accumulator: Term, left_peak: Term, count: LeafCount, size: NodePosition) -> Term:
        """A bag; it has the form of a node, as in the protocol."""
        if self.left_peak_first:
            return self.term("node", left_peak, accumulator)
        return self.term("node", accumulator, left_peak)

    def root(self, count: LeafCount, size: NodePosition, bag: Term) -> Term:
        """The root holds the count where the profile says so, else it is the bag."""
        if Resolution.SIZED_ROOT in self.profile:
            return self.term("root", f"n={count}", bag)
        return bag

    def empty(self) -> Term:
        """The bag of no peaks."""
        return self.term("empty")

    def is_value(self, item: object) -> bool:
        """Any interned term."""
        return isinstance(item, int) and 0 <= item < len(self._symbols)
