"""The model of a script: where it is made and moved, and the data that it is trained on, where that is certain."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from migrate.codemods.insertions import dotted
from migrate.codemods.locals import SCOPES, assigned, blocks, is_name, own, stores
from migrate.codemods.view import View
from migrate.trees import every

_KEEPING = ("parameters", "named_parameters", "modules", "named_modules", "children", "named_children")
UNKNOWN = "…"
_WRAPPERS = ("enumerate", "tqdm", "tqdm.tqdm")


class UncertainError(Exception):
    """Why a file does not say what is asked for."""


@dataclass(frozen=True, slots=True)
class Model:
    """A name, the statements that make and move what it stands for, and all of the block that they stand in.

    Where one statement does both, `inner` is the call that makes it.
    """

    name: str
    made: ast.Assign
    moved: ast.stmt
    block: Sequence[ast.stmt]
    scope: ast.AST
    inner: ast.expr | None = None


def name_of(view: View, *, trained: bool) -> tuple[ast.AST, str]:
    """The name of the model that a file trains, or runs, with its scope. Raises `UncertainError`."""
    found = set(_trained(view) if trained else _run(view))
    if len(found) != 1 or UNKNOWN in next(iter(found)):
        names = ", ".join(sorted(name for _, name in found))
        raise UncertainError(
            f"several may be meant ({names})" if len(found) > 1 else "the file does not show which it is"
        )
    return found.pop()


def model_of(view: View, scope: ast.AST, name: str, *, trained: bool) -> Model:
    """The model that a name stands for. Raises `UncertainError`."""
    model = _located(view, scope, name)
    if not trained:
        _check_weights(view, model)
    return model


def loader_name(view: View) -> str:
    """The name that the loop which trains reads. Raises `UncertainError`."""
    names = {name for loop in _loops(view.scan.module.node) for name in _iterated(view, loop)}
    if len(names) != 1 or UNKNOWN in names:
        raise UncertainError("the file does not show which loader it is trained from")
    return names.pop()


def check_loader(view: View, model: Model, name: str) -> None:
    """Raises `UncertainError` if a name is not that of a loader where the model moves."""
    top = getattr(view.scan.module.node, "body", [])
    here, block = (model.scope, model.block) if stores(model.scope, name) else (view.scan.module.node, top)
    made = [node for node in assigned(here, name) if node in block]
    if len(made) != 1 or stores(here, name) != 1 or not _is_loader(view, made[0].value):
        raise UncertainError(f"{name} is not made by one DataLoader(…) beside the model")
    if here is model.scope and made[0].lineno > model.moved.lineno:
        raise UncertainError(f"{name} is made later than the model")


def _is_loader(view: View, made: ast.expr) -> bool:
    name = dotted(view, made.func) if isinstance(made, ast.Call) else ""
    return name.startswith("torch.utils.data.") and name.endswith(".DataLoader")


# -- which name it is ---------------------------------------------------------------------------------


def _trained(view: View) -> Iterator[tuple[ast.AST, str]]:
    """The names whose parameters an optimizer is made of, with their scopes."""
    for scope, node in _calls(view):
        for argument in [*node.args[:1], *(item.value for item in node.keywords if item.arg == "params")]:
            if _is_optimizer(view, node):
                method = _method(argument, "parameters")
                yield scope, method.id if isinstance(method, ast.Name) else UNKNOWN


def _is_optimizer(view: View, node: ast.Call) -> bool:
    return dotted(view, node.func).rpartition(".")[0] == "torch.optim"


def _run(view: View) -> Iterator[tuple[ast.AST, str]]:
    """The names that weights are loaded into, or that are made ready to be run."""
    for scope, node in _calls(view):
        base = _method(node, "load_state_dict") or _method(node, "eval")
        if isinstance(base, ast.Name):
            yield _origin(view, scope, base.id)


def _origin(view: View, scope: ast.AST, name: str) -> tuple[ast.AST, str]:
    """The name that one was moved from."""
    values = [node.value for node in assigned(scope, name)]
    base = _moved_base(view, values[0]) if len(values) == 1 else None
    return (scope, base.id if isinstance(base, ast.Name) and base.id != name else name)


def _calls(view: View) -> Iterator[tuple[ast.AST, ast.Call]]:
    """Every call of a file with the scope that it stands in."""
    for scope in [view.scan.module.node, *(node for node in every(view.scan.module.node) if isinstance(node, SCOPES))]:
        for node in own(scope):
            if isinstance(node, ast.Call):
                yield scope, node


# -- where it is made and moved -----------------------------------------------------------------------


def _located(view: View, scope: ast.AST, name: str) -> Model:
    every_one = assigned(scope, name)
    made = [node for node in every_one if not _moves(view, node, name)]
    if len(made) != 1 or stores(scope, name) != len(every_one):
        raise UncertainError(f"{name} is not made by one statement of the place where it is used")
    value = made[0].value
    block = next((block for block in blocks(scope) if made[0] in block), ())
    base = _moved_base(view, value)
    if isinstance(base, ast.Name):
        model = _located(view, scope, base.id)
        if made[0] not in model.block:
            raise UncertainError(f"{name} moves in another block than the one in which {base.id} is made")
        return model
    if base is not None:
        return _checked(Model(name, made[0], made[0], block, scope, base))
    later = [node for node in block if node.lineno > made[0].lineno and _moves(view, node, name)]
    if not isinstance(value, ast.Call) or not later:
        raise UncertainError(f"{name} is not made by a call and moved in the same block")
    return _checked(Model(name, made[0], later[0], block, scope))


def _checked(model: Model) -> Model:
    """The model, if nothing keeps a hold on it before it moves."""
    if model.inner is not None:
        if not isinstance(model.inner, ast.Call):
            raise UncertainError(f"{model.name} is not made by a call")
        return model
    between = model.block[model.block.index(model.made) + 1 : model.block.index(model.moved)]
    allowed: set[int] = set()
    for node in (node for statement in between for node in every(statement)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            allowed |= {id(item) for item in (node.func, *(node.args if node.func.id == "print" else ()))}
        if isinstance(node, ast.Attribute) and node.attr not in _KEEPING:
            allowed.add(id(node.value))
    if any(is_name(node, model.name) and id(node) not in allowed for item in between for node in every(item)):
        raise UncertainError(f"something else gets {model.name} before it moves")
    return model


def _check_weights(view: View, model: Model) -> None:
    """Raises `UncertainError` if weights are loaded when the model has moved."""
    for _, node in _calls(view):
        if _method(node, "load_state_dict") is not None and node.lineno > model.moved.lineno:
            raise UncertainError(f"weights are loaded later than {model.name} moves")


def _moves(view: View, node: ast.stmt, name: str) -> bool:
    """Whether a statement moves what a name stands for."""
    value = getattr(node, "value", None) if isinstance(node, (ast.Expr, ast.Assign)) else None
    return isinstance(value, ast.expr) and is_name(_moved_base(view, value), name)


def _moved_base(view: View, value: ast.expr) -> ast.expr | None:
    """What an expression moves to a device, or None."""
    words = view.table.source
    return _method(value, "to") or _method(value, words.method)


def _method(value: ast.expr, name: str) -> ast.expr | None:
    """What a method of this name is called of."""
    called = isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr == name
    return value.func.value if called else None  # type: ignore[attr-defined]


# -- the loop that trains -----------------------------------------------------------------------------


def _loops(tree: ast.AST) -> list[ast.For]:
    """The innermost loops that go backward."""
    loops = [node for node in every(tree) if isinstance(node, ast.For) and _goes_back(node)]
    return [loop for loop in loops if not any(other is not loop and other in every(loop) for other in loops)]


def _goes_back(node: ast.AST) -> bool:
    return any(isinstance(item, ast.Attribute) and item.attr == "backward" for item in every(node))


def _iterated(view: View, loop: ast.For) -> Iterator[str]:
    """The names that a loop reads; of a function's parameter, what the calls give it."""
    read = loop.iter
    while isinstance(read, ast.Call) and ast.unparse(read.func) in _WRAPPERS and read.args:
        read = read.args[0]
    name = read.id if isinstance(read, ast.Name) else UNKNOWN
    functions = [item for item in every(view.scan.module.node) if isinstance(item, SCOPES[:2]) and loop in own(item)]
    parameters = [item.arg for item in (*functions[0].args.posonlyargs, *functions[0].args.args)] if functions else []
    if name not in parameters:
        yield name
        return
    for _, call in _calls(view):
        if is_name(call.func, functions[0].name):
            yield _given(call, parameters.index(name), name)


def _given(call: ast.Call, position: int, name: str) -> str:
    """The name that a call gives a parameter."""
    values = [item.value for item in call.keywords if item.arg == name] or call.args[position : position + 1]
    starred = any(isinstance(item, ast.Starred) for item in call.args)
    return values[0].id if values and isinstance(values[0], ast.Name) and not starred else UNKNOWN
