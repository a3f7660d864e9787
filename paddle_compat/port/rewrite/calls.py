"""A call by a rule: the edits that make it torch's, or the reason why it stays."""

from __future__ import annotations

import ast

from paddle_compat.port.arguments import Argument, Arguments, bind
from paddle_compat.port.edits import Edit
from paddle_compat.port.resolve import Module
from paddle_compat.port.rewrite.site import Kept, Rewrite, Site
from paddle_compat.port.rewrite.values import Values
from paddle_compat.port.rules.spec import Function, Parameter, Template
from paddle_compat.port.rules.values import CONVERSIONS

__all__ = ["rewritten"]


def rewritten(
    module: Module,
    values: Values,
    call: ast.Call,
    rule: Function | Template,
    receiver: ast.expr | None = None,
) -> Rewrite | Kept:
    """Rewrite a call by a rule.

    Args:
        module: the file.
        values: what its expressions are.
        call: the call.
        rule: the rule for what is called.
        receiver: the tensor, if it is a tensor's method that is called.
    """
    if isinstance(rule, Template):
        names = tuple(rule.signature.split())
    else:
        names = tuple(each.name for each in rule.parameters)
    given = bind(call, names if receiver is None else names[1:])
    if given is None:
        return Kept("its arguments do not say which parameter each is for")
    if receiver is not None:
        given = Arguments([Argument(names[0], receiver, None), *given])
    site = Site(module, values, call, given, receiver)
    if isinstance(rule, Template):
        done = rule.write(site)
        return done if isinstance(done, Kept) else Rewrite(done.edits, rule.becomes)
    return _by_parameters(site, rule)


def _by_parameters(site: Site, rule: Function) -> Rewrite | Kept:
    if rule.require is not None:
        why = rule.require(site)
        if why is not None:
            return Kept(why)
    known = {each.name: each for each in rule.parameters}
    dropped = []
    edits: list[Edit] = []
    by_keyword = False
    place = 0
    for argument in site.given:
        parameter = known[argument.parameter]
        if argument.value is site.receiver:
            place += 1
            continue
        if not parameter.torch:
            if not _harmless(site, parameter, argument.value):
                told = f"{parameter.name}={site.module.text(argument.value)}"
                return Kept(f"torch has no {told}")
            dropped.append(argument)
            by_keyword = True  # what follows has moved
            continue
        changed = _converted(site, parameter, argument.value)
        if isinstance(changed, Kept):
            return changed
        if changed is not None:
            edits.append(changed)
        stays = argument.keyword is None and not parameter.keyword and not by_keyword
        if stays and _torch_place(rule, parameter) == place:
            place += 1
            continue
        by_keyword = True
        edit = site.keyworded(argument, parameter.torch)
        if edit is not None:
            edits.append(edit)
        elif argument.keyword is None:
            return Kept("a generator would need parentheses")
    cut = site.without(dropped)
    if isinstance(cut, Kept):
        return cut
    missing = [text for name, text in rule.add.items() if name not in site.given]  # "" never is
    if missing:
        edits.append(site.added(", ".join(missing), dropped))
    target = rule.torch if site.receiver is None else rule.torch.rpartition(".")[2]
    return Rewrite((site.named(target), *edits, *cut, *_around(site, rule)), rule.torch)


def _torch_place(rule: Function, parameter: Parameter) -> int:
    order = [each for each in rule.parameters if each.torch and not each.keyword]
    return order.index(parameter)


def _harmless(site: Site, parameter: Parameter, value: ast.expr) -> bool:
    if parameter.name == "name":
        return True
    constant = site.module.constant(value)
    if constant is ...:
        return False
    return parameter.only is not None and str(constant) == parameter.only


def _converted(site: Site, parameter: Parameter, value: ast.expr) -> Edit | Kept | None:
    if not parameter.convert:
        return None
    pieces = CONVERSIONS[parameter.convert](site, value)
    if isinstance(pieces, Kept):
        return pieces
    return Edit(site.module.span(value), pieces) if pieces is not None else None


def _around(site: Site, rule: Function) -> list[Edit]:
    if not rule.before and not rule.after:
        return []
    span = site.module.span(site.call)
    return [Edit(span, (rule.before, span, rule.after))]
