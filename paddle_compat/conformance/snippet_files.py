"""Scripts that save what a program holds to a folder of their own, and load it again."""

# ruff: noqa: E501 - one statement a line

from __future__ import annotations

from collections.abc import Mapping

from paddle_compat.conformance.snippets import Differs, Snippet

__all__ = ["DIFFERS", "SNIPPETS"]

_NETWORK = """
import os, tempfile
x = fluid.data('x', [None, 3])
hidden = layers.fc(x, 4, act='relu', name='hidden')
y = layers.fc(hidden, 2, name='head')
loss = layers.reduce_mean(y)
test = fluid.default_main_program().clone(for_test=True)
fluid.optimizer.Adam(0.1).minimize(loss)
main, startup = fluid.default_main_program(), fluid.default_startup_program()
exe.run(startup)
rows = np.random.RandomState(1).rand(4, 3).astype('float32')
def step():
    return exe.run(main, feed={'x': rows}, fetch_list=[loss])[0]
def forget():
    # Other values, as another run of the script begins with.
    for variable in main.list_vars():
        found = fluid.global_scope().find_var(variable.name) if variable.persistable else None
        if found is not None and found.get_tensor()._is_initialized():
            tensor = found.get_tensor()
            tensor.set(np.zeros_like(np.array(tensor)) + 1, fluid.CPUPlace())
def held(program=None):
    return {v.name: np.array(fluid.global_scope().find_var(v.name).get_tensor())
            for v in (program or main).list_vars() if v.persistable and v.name not in ('feed', 'fetch')}
def files(folder):
    return sorted(os.listdir(folder))
kept = tempfile.TemporaryDirectory()
folder = kept.name
step()
before = held()
"""

_COMPARE = """
for name, value in held().items():
    answers[name] = value
    facts[name] = bool((before[name] == value).all())
answers['next'] = step()
"""

KINDS: Mapping[str, str] = {
    "save_params, load_params": """
fluid.io.save_params(exe, folder, main)
facts['files'] = files(folder)
forget()
fluid.io.load_params(exe, folder, main)
""",
    "save_params, load_params of one file": """
fluid.io.save_params(exe, folder, filename='all')
facts['files'] = files(folder)
forget()
fluid.io.load_params(exe, folder, filename='all')
""",
    "save_persistables, load_persistables": """
fluid.io.save_persistables(exe, folder, main)
facts['files'] = files(folder)
forget()
fluid.io.load_persistables(exe, folder, main)
""",
    "save_vars, load_vars": """
def chosen(variable):
    return variable.persistable and 'hidden' in variable.name
fluid.io.save_vars(exe, folder, main, predicate=chosen)
facts['files'] = files(folder)
forget()
fluid.io.load_vars(exe, folder, main, predicate=chosen)
""",
    "save_vars, load_vars of a list": """
chosen = [main.global_block().var('head.b_0'), main.global_block().var('head.w_0')]
fluid.io.save_vars(exe, folder, main, vars=chosen, filename='two')
facts['files'] = files(folder)
forget()
fluid.io.load_vars(exe, folder, main, vars=chosen, filename='two')
""",
    "save, then load": """
path = os.path.join(folder, 'model')
fluid.save(main, path)
facts['files'] = files(folder)
forget()
fluid.load(main, path, exe)
""",
    "load_program_state, set_program_state": """
path = os.path.join(folder, 'model')
fluid.io.save(main, path)
forget()
state = fluid.io.load_program_state(path)
facts['state'] = sorted(state)
fluid.io.set_program_state(main, state)
""",
    "load_program_state of save_persistables": """
fluid.io.save_persistables(exe, folder, main)
forget()
state = fluid.io.load_program_state(folder)
facts['state'] = sorted(state)
fluid.io.set_program_state(main, {name: value * 2 for name, value in state.items() if 'w_0' in name and 'moment' not in name})
""",
    "a folder that is not there": """
fluid.io.load_params(exe, os.path.join(folder, 'nowhere'), main)
""",
    "a file that is not there": """
fluid.load(main, os.path.join(folder, 'nowhere'))
""",
    "save under no name": """
fluid.save(main, folder + os.sep)
""",
}

INFERENCE: Mapping[str, str] = {
    "save_inference_model, load_inference_model": """
names = fluid.io.save_inference_model(folder, ['x'], [y], exe, main)
facts['saved'] = [names, files(folder)]
forget()
with fluid.scope_guard(fluid.Scope()):
    program, feeds, fetches = fluid.io.load_inference_model(folder, exe)
    facts['loaded'] = [feeds, [v.name for v in fetches]]
    answers['out'] = exe.run(program, feed={'x': rows}, fetch_list=fetches)[0]
""",
    "save_inference_model of one file": """
facts['saved'] = fluid.io.save_inference_model(folder, ['x'], [y, hidden], exe, params_filename='all')
facts['files'] = files(folder)
with fluid.scope_guard(fluid.Scope()):
    program, feeds, fetches = fluid.io.load_inference_model(folder, exe, params_filename='all')
    facts['loaded'] = [feeds, [v.name for v in fetches]]
    for number, value in enumerate(exe.run(program, feed={'x': rows}, fetch_list=fetches)):
        answers['%d' % number] = value
""",
    "load_inference_model of an empty folder": """
fluid.io.load_inference_model(folder, exe)
""",
    "get_program_parameter, get_program_persistable_vars": """
facts['parameters'] = [v.name for v in fluid.io.get_program_parameter(main)]
facts['persistable'] = sorted(v.name for v in fluid.io.get_program_persistable_vars(main))
""",
    "is_parameter, is_persistable, is_belong_to_optimizer": """
for variable in [x] + [v for v in main.list_vars() if v.persistable]:
    facts[variable.name] = [bool(f(variable)) for f in (fluid.io.is_parameter, fluid.io.is_persistable, fluid.io.is_belong_to_optimizer)]
""",
}

DIFFERS: Mapping[str, Differs] = {
    "files: save, then load": Differs(
        "fluid.save writes the program to .pdmodel too, which no load of its state reads; ours does "
        "where the program has no gradients and updates",
        report={"facts.files": ["model.pdopt", "model.pdparams"]},
    )
}

_END = "kept.cleanup()\n"

SNIPPETS = (
    *(
        Snippet(f"files: {name}", _NETWORK + source + _COMPARE + _END, mode="script")
        for name, source in KINDS.items()
    ),
    *(
        Snippet(f"files: {name}", _NETWORK + source + _END, mode="script")
        for name, source in INFERENCE.items()
    ),
)
