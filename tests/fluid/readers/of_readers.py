"""What readers give that are made of readers."""

from typing import Any, Callable, Dict

from fluid.readers.asking import Question, collected, fails, into

QUESTIONS: Dict[str, Question] = {}
question = into(QUESTIONS)


def numbers(count: int) -> Any:
    return lambda: iter(range(count))


def read(make: Callable[[Any], Any]) -> Question:
    """Ask for what a decorated reader gives, twice."""

    def asked(paddle: Any) -> Any:
        reader = make(paddle)
        return [collected(reader()), collected(reader())]

    return asked


READ = {
    "batch": read(lambda p: p.batch(numbers(5), 2)),
    "batch_drop_last": read(lambda p: p.batch(numbers(5), 2, drop_last=True)),
    "batch_size_in_words": read(lambda p: p.batch(numbers(3), "2")),
    "batch_size_zero": read(lambda p: p.batch(numbers(3), 0)),
    "fluid_io_batch": read(lambda p: p.fluid.io.batch(numbers(3), 2.9)),
    "shuffle": read(lambda p: p.reader.shuffle(numbers(20), 6)),
    "shuffle_all": read(lambda p: p.fluid.io.shuffle(numbers(20), 100)),
    "chain": read(lambda p: p.reader.chain(numbers(2), numbers(3))),
    "cache": read(lambda p: p.reader.cache(numbers(3))),
    "map_readers": read(lambda p: p.reader.map_readers(max, numbers(3), lambda: [2, 1, 0, 9])),
    "firstn": read(lambda p: p.reader.firstn(numbers(9), 3)),
    "firstn_more": read(lambda p: p.reader.firstn(numbers(2), 3)),
    "compose": read(lambda p: p.reader.compose(lambda: [(1, 2), 3], lambda: [4, (5,)])),
    "compose_misaligned": read(lambda p: p.reader.compose(numbers(2), numbers(3))),
    "compose_unchecked": read(
        lambda p: p.reader.compose(numbers(2), numbers(3), check_alignment=False)
    ),
    "compose_none": read(lambda p: p.reader.compose(lambda: [1, None], numbers(2))),
    "buffered": read(lambda p: p.reader.buffered(numbers(5), 2)),
    "buffered_all": read(lambda p: p.reader.buffered(numbers(5), 0)),
    "xmap": lambda p: sorted(p.reader.xmap_readers(lambda i: i * i, numbers(9), 3, 2)()),
    "xmap_in_order": read(lambda p: p.reader.xmap_readers(lambda i: i * i, numbers(9), 3, 2, True)),
    "multiprocess": read(
        lambda p: p.reader.multiprocess_reader([lambda: [(1, 2), [3]], numbers(3), numbers(0)])
    ),
    "multiprocess_queue": lambda p: sorted(
        p.reader.multiprocess_reader([lambda: [(7, 8)], lambda: [(1,), (2,)]], False)()
    ),
    "multiprocess_none": read(lambda p: p.reader.multiprocess_reader([lambda: [1, None]])),
    "multiprocess_raises": read(lambda p: p.reader.multiprocess_reader([fails], False)),
    "multiprocess_no_list": read(lambda p: p.reader.multiprocess_reader((fails,))),
    "multiprocess_empty": read(lambda p: p.reader.multiprocess_reader([])),
}
QUESTIONS.update({"reader_" + name: asked for name, asked in READ.items()})
