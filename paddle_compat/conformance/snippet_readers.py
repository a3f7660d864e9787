"""Scripts that read batches: py_reader and its kin, loaders, feeders, and readers of readers."""

# ruff: noqa: E501 - one statement a line

from __future__ import annotations

from collections.abc import Mapping

from paddle_compat.conformance.snippets import Differs, Snippet

__all__ = ["DIFFERS", "SNIPPETS"]

_BATCHES = """
rng = np.random.RandomState(3)
batches = [(rng.rand(2, 3).astype('float32'), rng.randint(0, 9, (2, 1)).astype('int64')) for _ in range(3)]
samples = [(x[i], y[i]) for x, y in batches for i in range(2)]
def describe(v):
    return [v.name, list(v.shape), v.lod_level, v.stop_gradient, v.persistable]
def steps(fetches, most=9):
    found = []
    for _ in range(most):
        try:
            found.append(exe.run(fetch_list=fetches))
        except fluid.core.EOFException:
            facts['ended after'] = len(found)
            break
    for number, values in enumerate(found):
        for place, value in enumerate(values):
            answers['%d/%d' % (number, place)] = value
"""

_READ = """
x, y = fields
facts['fields'] = [describe(field) for field in fields]
total = layers.reduce_sum(layers.fc(x, 2, param_attr=fluid.initializer.Constant(0.5)))
exe.run(fluid.default_startup_program())
"""

PY_READERS: Mapping[str, str] = {
    "py_reader": """
reader = layers.py_reader(4, [(-1, 3), (-1, 1)], ['float32', 'int64'])
fields = layers.read_file(reader)
"""
    + _READ
    + """
reader.decorate_tensor_provider(lambda: iter(batches))
reader.start()
steps([x, y, total])
""",
    "py_reader, twice": """
reader = layers.py_reader(2, [(-1, 3), (-1, 1)], ['float32', 'int64'], name='train', use_double_buffer=False)
fields = layers.read_file(reader)
"""
    + _READ
    + """
reader.decorate_tensor_provider(lambda: iter(batches[:1]))
for _ in range(2):
    reader.start()
    steps([x, y, total])
    reader.reset()
""",
    "py_reader of samples": """
reader = layers.py_reader(4, [(-1, 3), (-1, 1)], ['float32', 'int64'], name='train')
fields = layers.read_file(reader)
"""
    + _READ
    + """
reader.decorate_paddle_reader(fluid.io.batch(lambda: iter(samples), 4))
reader.start()
steps([x, y, total])
""",
    "create_py_reader_by_data": """
given = [fluid.data('x', [None, 3]), fluid.data('y', [None, 1], 'int64')]
reader = layers.create_py_reader_by_data(4, given, name='train')
fields = layers.read_file(reader)
"""
    + _READ
    + """
reader.decorate_batch_generator(lambda: iter(batches))
reader.start()
steps([x, y, total])
""",
    "double_buffer": """
reader = layers.py_reader(4, [(-1, 3), (-1, 1)], ['float32', 'int64'], use_double_buffer=False)
reader.decorate_tensor_provider(lambda: iter(batches))
fields = layers.read_file(layers.double_buffer(reader))
"""
    + _READ
    + """
reader.start()
steps([x, y, total])
""",
    "double_buffer, named": """
reader = layers.py_reader(4, [(-1, 3), (-1, 1)], ['float32', 'int64'], use_double_buffer=False)
reader.decorate_paddle_reader(fluid.io.batch(lambda: iter(samples), 3, drop_last=True))
fields = layers.read_file(layers.double_buffer(reader, place='cpu', name='ahead'))
"""
    + _READ
    + """
reader.start()
steps([total])
""",
    "read_file of one field": """
reader = layers.py_reader(4, [(-1, 3)], ['float32'])
x = layers.read_file(reader)
facts['field'] = describe(x)
exe.run(fluid.default_startup_program())
reader.decorate_tensor_provider(lambda: iter([(x,) for x, _ in batches]))
reader.start()
steps([x * 2.0])
""",
    "training from a py_reader": """
reader = layers.py_reader(4, [(-1, 3), (-1, 1)], ['float32', 'int64'])
x, y = layers.read_file(reader)
out = layers.fc(x, 10)
loss = layers.mean(layers.softmax_with_cross_entropy(out, y))
fluid.optimizer.Adam(0.1).minimize(loss)
exe.run(fluid.default_startup_program())
reader.decorate_tensor_provider(lambda: iter(batches))
reader.start()
steps([loss])
""",
}

_X_Y = """
x, y = fluid.data('x', [None, 3]), fluid.data('y', [None, 1], 'int64')
"""

LOADERS: Mapping[str, str] = {
    "DataLoader.from_generator of batches": _X_Y
    + """
loader = fluid.io.DataLoader.from_generator([x, y], capacity=4)
loader.set_batch_generator(lambda: iter(batches), places=fluid.CPUPlace())
for number, feed in enumerate(loader()):
    answers['%d' % number] = exe.run(feed=feed, fetch_list=[x * 2.0])[0]
""",
    "DataLoader.from_generator of samples": _X_Y
    + """
loader = fluid.io.DataLoader.from_generator([x, y], capacity=4, return_list=False)
loader.set_sample_generator(lambda: iter(samples), batch_size=4, drop_last=False, places=fluid.cpu_places(1))
for number, feed in enumerate(loader()):
    answers['%d' % number] = exe.run(feed=feed, fetch_list=[x * 2.0])[0]
facts['batches'] = number + 1
""",
    "DataLoader.from_generator, not iterable": _X_Y
    + """
loader = fluid.io.DataLoader.from_generator([x, y], capacity=4, iterable=False)
loader.set_sample_list_generator(fluid.io.batch(lambda: iter(samples), 2))
out = x * 2.0
loader.start()
steps([out, y])
""",
    "PyReader": _X_Y
    + """
loader = fluid.io.PyReader([x, y], capacity=4)
loader.decorate_sample_list_generator(fluid.io.batch(lambda: iter(samples), 3), fluid.CPUPlace())
for number, feed in enumerate(loader()):
    answers['%d' % number] = exe.run(feed=feed, fetch_list=[x + 1.0])[0]
""",
    "PyReader, not iterable": _X_Y
    + """
loader = fluid.io.PyReader([x, y], capacity=4, iterable=False)
loader.decorate_batch_generator(lambda: iter(batches))
out = x + 1.0
loader.start()
steps([out])
""",
    "DataFeeder": _X_Y
    + """
feeder = fluid.DataFeeder([x, y], fluid.CPUPlace())
feed = feeder.feed(samples[:4])
answers.update((name, np.array(tensor)) for name, tensor in feed.items())
answers['out'] = exe.run(feed=feed, fetch_list=[x - 1.0])[0]
""",
    "DataFeeder of sequences": """
x = fluid.data('x', [None, 2], lod_level=1)
feeder = fluid.DataFeeder(['x'], fluid.CPUPlace())
tensor = feeder.feed([([[1, 2]],), ([[3, 4], [5, 6]],)])['x']
answers['x'] = np.array(tensor)
facts['lengths'] = tensor.recursive_sequence_lengths()
""",
    "DataFeeder of a row that lacks a field": _X_Y
    + """
fluid.DataFeeder([x, y], fluid.CPUPlace()).feed([(samples[0][0],)])
""",
    "Dataset, BatchSampler": """
class Rows(fluid.io.Dataset):
    def __getitem__(self, index):
        return samples[index]
    def __len__(self):
        return len(samples)
rows = Rows()
facts['length'] = len(rows)
facts['in order'] = list(fluid.io.BatchSampler(rows, batch_size=4))
facts['dropped'] = list(fluid.io.BatchSampler(rows, batch_size=4, drop_last=True))
np.random.seed(4)
facts['shuffled'] = sorted(len(batch) for batch in fluid.io.BatchSampler(rows, shuffle=True, batch_size=5))
facts['lengths'] = [len(fluid.io.BatchSampler(rows, batch_size=4)), len(fluid.io.BatchSampler(rows, batch_size=4, drop_last=True))]
""",
    "Dataset without its methods": """
class Rows(fluid.io.Dataset):
    pass
facts['made'] = True
Rows()[0]
""",
    "BatchSampler of no rows at a time": "fluid.io.BatchSampler(samples, batch_size=0)",
    "DataLoader of a Dataset": _X_Y
    + """
class Rows(fluid.io.Dataset):
    def __getitem__(self, index):
        return samples[index]
    def __len__(self):
        return len(samples)
loader = fluid.io.DataLoader(Rows(), feed_list=[x, y], places=fluid.CPUPlace(), batch_size=4, use_buffer_reader=False)
facts['length'] = len(loader)
for number, feed in enumerate(loader):
    feed = feed[0] if isinstance(feed, list) else feed
    answers['%d' % number] = exe.run(feed=feed, fetch_list=[x * 3.0])[0]
""",
    "default_collate_fn": """
for number, field in enumerate(fluid.dataloader.dataloader_iter.default_collate_fn(samples)):
    answers['%d' % number] = np.array(field)
""",
    "EOFException": """
reader = layers.py_reader(4, [(-1, 3)], ['float32'])
x = layers.read_file(reader)
exe.run(fluid.default_startup_program())
reader.decorate_tensor_provider(lambda: iter([]))
reader.start()
try:
    exe.run(fetch_list=[x])
except fluid.core.EOFException as error:
    facts['caught'] = type(error).__name__
""",
}

_COUNT = """
def count(most):
    return lambda: iter(range(most))
def twice(reader):
    return [list(reader()), list(reader())]
"""

OF_READERS: Mapping[str, str] = {
    "batch": "facts['read'] = [twice(fluid.io.batch(count(5), 2)), twice(fluid.io.batch(count(5), 2, drop_last=True))]",
    "batch of nothing": "fluid.io.batch(count(5), 0)",
    "buffered": "facts['read'] = twice(fluid.io.buffered(count(5), 2))",
    "cache": "facts['read'] = twice(fluid.io.cache(count(4)))",
    "chain": "facts['read'] = twice(fluid.io.chain(count(2), count(3)))",
    "compose": "facts['read'] = [list(row) for row in fluid.io.compose(count(3), lambda: [(1, 2), 3, 4])()]",
    "compose of unequal readers": "list(fluid.io.compose(count(3), count(2))())",
    "ComposeNotAligned": """
try:
    list(fluid.io.compose(count(3), count(2), check_alignment=True)())
except fluid.io.ComposeNotAligned as error:
    facts['caught'] = type(error).__name__
""",
    "firstn": "facts['read'] = [twice(fluid.io.firstn(count(9), 3)), twice(fluid.io.firstn(count(2), 3))]",
    "map_readers": "facts['read'] = twice(fluid.io.map_readers(max, count(3), lambda: [2, 1, 0]))",
    "multiprocess_reader": "facts['read'] = sorted(fluid.io.multiprocess_reader([lambda: [(7, 8)], lambda: [(1,), (2,)]], False)())",
    "shuffle": """
import random
random.seed(5)
facts['read'] = twice(fluid.io.shuffle(count(9), 4))
""",
    "xmap_readers": "facts['read'] = [sorted(fluid.io.xmap_readers(lambda i: i * i, count(9), 3, 2)()), twice(fluid.io.xmap_readers(lambda i: i * i, count(9), 3, 2, order=True))]",
}

DIFFERS: Mapping[str, Differs] = {}

SNIPPETS = tuple(
    Snippet(f"readers: {name}", begin + source, mode="script")
    for begin, table in ((_BATCHES, PY_READERS), (_BATCHES, LOADERS), (_COUNT, OF_READERS))
    for name, source in table.items()
)
