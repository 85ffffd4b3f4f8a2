"""The part of the reference that a client can show: the hardened profile, without contracts, messages and annotations.

A mutant outside that part behaves like the reference in every answer to a question of the protocol, so that no vector
could kill it. It is found by comparing syntax trees: both sources are specialised to the hardened profile, stripped of
what nobody observes, and equal trees are one client.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

CONTRACTS = {"require", "ensure"}
SPEED = {"cache", "lru_cache"}
DISCIPLINE = {"frozen", "slots", "kw_only"}
ENDS = (ast.Return, ast.Raise, ast.Continue, ast.Break)


@dataclass(frozen=True, slots=True)
class Unseen:
    """Functions and constants that only contracts, messages and literal rules use; and what some others always give.

    `constant` are the rules with one truth value when hardened, `refusing` the functions that make a rejection.
    """

    uncalled: frozenset[str] = frozenset()
    constant: Mapping[str, bool] = field(default_factory=dict)
    refusing: frozenset[str] = frozenset()


def name_of(node: ast.expr) -> str:
    """The last name of a dotted expression, call or generic, else nothing."""
    if isinstance(node, ast.Call):
        return name_of(node.func)
    if isinstance(node, ast.Subscript):
        return name_of(node.value)
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def truth_of(node: ast.expr) -> bool | None:
    """The truth value of a constant."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, bool) else None


def is_programming_fault(node: ast.stmt) -> bool:
    """Whether a statement raises anything but a rejection: what only a caller's mistake leads to."""
    return isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and name_of(node.exc).endswith("Error")


def refusals_of(node: ast.FunctionDef) -> list[ast.stmt] | None:
    """For a function that makes a rejection of one code, that alone; what leads to it is its message."""
    returned = [item for item in ast.walk(node) if isinstance(item, ast.Return)]
    made = [item for item in returned if isinstance(item.value, ast.Call) and name_of(item.value) == "Rejected"]
    if not made or len(made) < len(returned) or len({ast.dump(item) for item in made}) > 1:
        return None
    return [made[0]]


def constant_of(node: ast.Assign) -> str:
    """The name of a constant of a module."""
    target = node.targets[0]
    return target.id if len(node.targets) == 1 and isinstance(target, ast.Name) and target.id.isupper() else ""


class Hardened(ast.NodeTransformer):
    """Specialises a module to the hardened profile, and drops what no answer shows."""

    def __init__(self, unseen: Unseen) -> None:
        self.unseen = unseen
        self.depth = 0

    def block(self, statements: list[ast.stmt]) -> list[ast.stmt]:
        """Statements up to the first that ends the block, with decided branches in place."""
        found: list[ast.stmt] = []
        for statement in statements:
            if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
                continue
            changed = self.visit(statement)
            for item in changed if isinstance(changed, list) else [changed]:
                if item is not None:
                    found.append(item)
                    if isinstance(item, ENDS):
                        return found
        return found or [ast.Pass()]

    def visit_Module(self, node: ast.Module) -> ast.Module:
        """A module."""
        node.body = self.block(node.body)
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.ClassDef:
        """A class; what keeps its objects from being changed is no behaviour."""
        if any(name_of(item) in ("Protocol", "ABC") for item in node.bases):
            node.body, node.decorator_list = [ast.Pass()], []
            return node
        node.decorator_list = [self.visit(item) for item in node.decorator_list]
        for item in node.decorator_list:
            if isinstance(item, ast.Call) and name_of(item) == "dataclass":
                item.keywords = [keyword for keyword in item.keywords if keyword.arg not in DISCIPLINE]
        node.body = self.block(node.body)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef | None:
        """A function, without contracts and annotations; None where nothing that is left calls it."""
        if node.name in self.unseen.uncalled or any(name_of(item) == "overload" for item in node.decorator_list):
            return None
        kept = [item for item in node.decorator_list if name_of(item) not in CONTRACTS | SPEED]
        node.decorator_list = [self.visit(item) for item in kept]
        node.returns = None
        for argument in ast.walk(node.args):
            if isinstance(argument, ast.arg):
                argument.annotation = None
        node.args.defaults = [self.visit(item) for item in node.args.defaults]
        self.depth += 1
        node.body = self.block(node.body)
        self.depth -= 1
        if (refusals := refusals_of(node)) is not None:
            node.body = refusals
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.Assign | None:
        """A constant of the module; None where nothing that is left reads it."""
        if not self.depth and constant_of(node) in self.unseen.uncalled:
            return None
        self.generic_visit(node)
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AnnAssign:
        """An annotation counts in a class that is a record, and nowhere else."""
        if node.value is not None:
            node.value = self.visit(node.value)
        if self.depth:
            node.annotation = ast.Constant("")
        return node

    def visit_If(self, node: ast.If) -> ast.If | list[ast.stmt]:
        """A branch, decided where the profile decides it."""
        node.test = self.visit(node.test)
        truth = truth_of(node.test)
        if truth is not None:
            taken = node.body if truth else node.orelse
            return self.block(taken) if taken else []
        node.body = self.block(node.body)
        node.orelse = self.block(node.orelse) if node.orelse else []
        if not node.orelse and len(node.body) == 1 and is_programming_fault(node.body[0]):
            return []
        return node

    def generic_visit(self, node: ast.AST) -> ast.AST:
        """Any other node; its blocks end where a statement ends them."""
        for name, value in ast.iter_fields(node):
            if isinstance(value, list) and value and all(isinstance(item, ast.stmt) for item in value):
                setattr(node, name, self.block(value))
            elif isinstance(value, list):
                setattr(node, name, [self.visit(item) if isinstance(item, ast.AST) else item for item in value])
            elif isinstance(value, ast.AST):
                setattr(node, name, self.visit(value))
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        """`Resolution.X in profile` is true."""
        if (
            len(node.ops) == 1
            and isinstance(node.left, ast.Attribute)
            and name_of(node.left.value) == "Resolution"
            and name_of(node.comparators[0]) == "profile"
            and isinstance(node.ops[0], ast.In | ast.NotIn)
        ):
            return ast.Constant(isinstance(node.ops[0], ast.In))
        self.generic_visit(node)
        return node

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.expr:
        """A conjunction or disjunction without the constants that do not count."""
        decides = isinstance(node.op, ast.Or)
        kept: list[ast.expr] = []
        for item in node.values:
            value = self.visit(item)
            truth = truth_of(value)
            if truth is None:
                kept.append(value)
            elif truth is decides:
                kept.append(value)
                break
        if not kept:
            return ast.Constant(not decides)
        node.values = kept
        return kept[0] if len(kept) == 1 else node

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        """`not` of a constant is a constant."""
        node.operand = self.visit(node.operand)
        truth = truth_of(node.operand)
        return ast.Constant(not truth) if isinstance(node.op, ast.Not) and truth is not None else node

    def visit_IfExp(self, node: ast.IfExp) -> ast.expr:
        """A choice, decided where the profile decides it."""
        self.generic_visit(node)
        truth = truth_of(node.test)
        return node if truth is None else node.body if truth else node.orelse

    def visit_Call(self, node: ast.Call) -> ast.expr:
        """A rejection has a code, and a message for people; a rule that is constant is its value."""
        if isinstance(node.func, ast.Name) and node.func.id in self.unseen.constant:
            return ast.Constant(self.unseen.constant[node.func.id])
        if name_of(node.func) == "Rejected":
            node.args = node.args[:1]
        if isinstance(node.func, ast.Name) and node.func.id in self.unseen.refusing:
            node.args = []
        if name_of(node.func) == "zip":
            node.keywords = []
        self.generic_visit(node)
        return node


def hardened(source: str, unseen: Unseen) -> ast.Module:
    """The part of a module that a client can show. Raises SyntaxError."""
    tree: ast.Module = Hardened(unseen).visit(ast.parse(source))
    return tree


def shown_by(source: str, unseen: Unseen) -> str:
    """The same as text, for comparing."""
    return ast.dump(hardened(source, unseen))


def mentions(trees: Iterable[ast.AST]) -> Counter[str]:
    """How often each name is used, except by the function that has it."""
    found: Counter[str] = Counter()
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load):
                found[name_of(node)] += 1
            elif isinstance(node, ast.FunctionDef):
                found[node.name] -= sum(
                    isinstance(inner, ast.Name) and inner.id == node.name for inner in ast.walk(node)
                )
    return found


def constant_rules(trees: Iterable[ast.AST]) -> dict[str, bool]:
    """Functions whose specialised body is one truth value."""
    found: dict[str, bool] = {}
    clashing = set()
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                last = node.body[-1]
                value = truth_of(last.value) if isinstance(last, ast.Return) and last.value is not None else None
                if node.name in found or value is None or len(node.body) > 1:
                    clashing.add(node.name)
                else:
                    found[node.name] = value
    return {name: value for name, value in found.items() if name not in clashing}


def unseen_of(sources: Iterable[str], asked_by: Iterable[str]) -> Unseen:
    """What the hardened profile never reaches; `asked_by` are the sources that ask the reference from outside."""
    sources = tuple(sources)
    raw = [ast.parse(source) for source in sources]
    defined = {node.name for tree in raw for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    defined |= {constant_of(node) for tree in raw for node in tree.body if isinstance(node, ast.Assign)} - {""}
    before = mentions(raw)
    outside = mentions(ast.parse(source) for source in asked_by)
    unseen = Unseen()
    while True:
        trees = [hardened(source, unseen) for source in sources]
        after = mentions(trees)
        uncalled = {
            name
            for name in defined
            if before[name] > 0 and after[name] <= 0 and not outside[name] and not name.startswith("__")
        }
        constant = {**constant_rules(trees), **unseen.constant}
        functions = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
        refusing = {node.name for node in functions if refusals_of(node) is not None}
        # A constant rule is asked, though its value stands in the place of the question here.
        uncalled -= {*constant, *refusing}
        grown = Unseen(unseen.uncalled | uncalled, constant, unseen.refusing | refusing)
        if grown == unseen:
            return unseen
        unseen = grown
