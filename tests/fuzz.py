"""Reads mutated files of every format: each must be read, or refused with file, place and reason, in under a second.

By hand, from the checkout: `python -m tests.fuzz [FORMAT...] [--count 20000] [--seed 13]`. Files are made from the
small valid ones of `samples` by changes of bytes, lines, words, numbers, JSON values, XML and archives, drawn by plain
`random`: hypothesis would take ten times as long. One in ten is converted to another format too: what is written must
be there as a whole and be readable, what is refused must leave nothing behind. The file of a number depends on nothing
but its format and the seed.

Prints a row for each format: files, how many were read and refused, the slowest in milliseconds of processor time, the
most MiB by which memory grew, and failures: tracebacks, hangs, crashes, refusals that do not name the file, memory,
half-written output. Exits with 1 if there are any, and names the folder that keeps the files. Linux only.
"""

from __future__ import annotations

import argparse
import gc
import io
import json
import multiprocessing
import random
import re
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from functools import cache
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final, NamedTuple

from narasumber import cli, formats
from narasumber.errors import InputError
from tests.samples import ENDINGS, LABELS, Input, inputs, zipped

READ: Final = [item.name for item in formats.FORMATS.values() if item.reads]
WRITTEN: Final = [item.name for item in formats.FORMATS.values() if item.writes]

SECONDS: Final = 1.0
"""Of processor time, so that other work on the machine makes no failures."""

WRITING: Final = 60.0
"""Of the same, to convert a file: dkpro-cassis takes ten for the 100,000 words that a swollen file may have."""

SILENCE: Final = 60.0
"""Seconds after which a process that tells nothing hangs where no signal reaches it."""

GROWTH: Final = 256 * 1024
"""KiB that reading one file may take."""

WRITING_GROWTH: Final = 1024 * 1024
"""KiB that converting one may take: dkpro-cassis takes 500 MiB for those words."""

ROOM: Final = 4 * 1024**3
"""Bytes of addresses, beside those that the process has, that files are read in: a bomb must not take the machine."""

SWOLLEN: Final = 256 * 1024
"""Bytes that a file is swollen to, which is enough to tell quadratic from linear time."""

CONVERTED: Final = 10
GOOD: Final = ("read", "refused")


class TooLong(BaseException):
    """Not an Exception: readers that rely on others' parsers catch those."""


class Outcome(NamedTuple):
    """What became of a file: `read` or `refused`, or else what went wrong. `grown` is in KiB."""

    number: int
    told: str
    seconds: float
    grown: int


# Changes: each takes the content of a file and that of another of its format

Change = Callable[[bytes, bytes, random.Random], bytes]

_PIECES: Final = (
    b"\0", b"\xff", b"\xef\xbb\xbf", b"\xff\xfe", b"\xed\xa0\x80", b"\xc2\x85", b"\xe2\x80\xa8", b"\xe2\x80\xae",
    b"\r", b"\n", b"\r\n", b"\t", b" ", b"\x1f", b"\x0b", "\u3000".encode(), "e\u0301\u200d😀🇮🇩".encode(), b"'", b'"', b"\\",  # noqa: E501
    b"[", b"]", b"{", b"}", b"<", b">", b"&", b"#", b"|", b";", b":", b"_", b"*", b"%", b"O", b"<!-- -->", b"%s",
    b"\xdd\xff\xff\xff\xff", b"\xdf\xff\xff\xff\xff", b"\xc6\xff\xff\xff\xff",  # msgpack: lists, maps, bytes of 4 GiB
)  # fmt: skip
_NUMBERS: Final = (
    b"0", b"-0", b"-1", b"1", b"2", b"7", b"100", b"99999", b"2147483648", b"-9223372036854775809", b"18446744073709551616",  # noqa: E501
    b"9" * 40, b"9" * 5000, b"1.5", b"3.0", b"1e3", b"1e400", b"-1e400", b"NaN", b"Infinity", b"-Infinity", b"true",
    b"null", b"0x10", b"007", "٣".encode(), "²".encode(), b"",
)  # fmt: skip
_VALUES: Final = (
    "null", "true", "false", "0", "-1", "1", "2.0", "1e400", "NaN", "-Infinity", "9" * 25, "9" * 5000, '""', '" "', '"a"',  # noqa: E501
    '"\\u0000"', '"\\ud800"', '"\\udc00\\ud800"', '"\\n"', '"0"', '"__proto__"', '"../../x"', '"😀"', f'"{"a" * 300}"', "[]",  # noqa: E501
    "{}", "[[]]", "[null]", "[0, 1]", '[0, 1, "PER"]', '{"": 0}', '{"id": "a"}', '["a", "a"]', '{"start": 0, "end": 1}',
)  # fmt: skip
_DOCTYPES: Final = (
    "".join(f'<!ENTITY b{n} "{f"&b{n - 1};" * 10}">' for n in range(1, 10)).join(
        ('<!DOCTYPE x [<!ENTITY b0 "x">', "]>")
    ),
    f'<!DOCTYPE x [<!ENTITY b9 "{"x" * 50000}">]>',
    '<!DOCTYPE x [<!ENTITY b9 SYSTEM "file:///etc/passwd">]>',
    '<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x.dtd"> %p;]>',
    '<!doctype x SYSTEM "http://127.0.0.1:9/x.dtd">',
)


def _cut(content: bytes, drawn: random.Random, longest: int = 200) -> tuple[int, int]:
    """A stretch of the content."""
    start = drawn.randint(0, len(content))
    return start, min(len(content), start + drawn.randint(0, drawn.choice((1, 8, longest))))


def _flip(content: bytes, _: bytes, drawn: random.Random) -> bytes:
    changed = bytearray(content)
    for _time in range(drawn.randint(1, 4) if content else 0):
        changed[drawn.randrange(len(changed))] = drawn.randrange(256)
    return bytes(changed)


def _delete(content: bytes, _: bytes, drawn: random.Random) -> bytes:
    start, end = _cut(content, drawn)
    return content[:start] + content[end:]


def _truncate(content: bytes, _: bytes, drawn: random.Random) -> bytes:
    return content[: drawn.randint(0, len(content))]


def _insert(content: bytes, _: bytes, drawn: random.Random) -> bytes:
    start, _end = _cut(content, drawn)
    return content[:start] + drawn.choice(_PIECES) + content[start:]


def _repeat(content: bytes, _: bytes, drawn: random.Random) -> bytes:
    """A stretch twice, or a stretch, a line, or anything, very often."""
    start, end = _cut(content, drawn)
    if drawn.random() < 0.7:
        return content[:end] + content[start:]
    if drawn.random() < 0.5:
        start, end = content.rfind(b"\n", 0, start) + 1, content.find(b"\n", start) + 1 or len(content)
    piece = drawn.choice((content[start:end], drawn.choice(_PIECES))) or b" "
    often = max(0, SWOLLEN - len(content)) // len(piece)
    return (
        content[:start]
        + piece * (often if drawn.random() < 0.2 else min(often, drawn.randint(2, 200)))
        + content[start:]
    )


def _swap_lines(content: bytes, _: bytes, drawn: random.Random) -> bytes:
    lines = content.split(b"\n")
    one, other = drawn.randrange(len(lines)), drawn.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    return b"\n".join(lines)


def _splice(content: bytes, other: bytes, drawn: random.Random) -> bytes:
    return content[: drawn.randint(0, len(content))] + other[drawn.randint(0, len(other)) :]


def _recode(content: bytes, _: bytes, drawn: random.Random) -> bytes:
    """Other line ends, byte order marks and encodings."""
    text = content.decode(errors="replace")
    return drawn.choice(
        (
            content.replace(b"\n", b"\r\n"),
            content.replace(b"\n", b"\r"),
            b"\xef\xbb\xbf" + content,
            text.encode("utf-16"),
            text.encode("utf-32-le"),
            text.encode("latin-1", "replace"),
            text.encode("utf-7"),
        )
    )


def _change_match(pattern: bytes, content: bytes, drawn: random.Random, value: bytes) -> bytes:
    found = list(re.finditer(pattern, content))
    if not found:
        return content + value
    start, end = drawn.choice(found).span()
    return content[:start] + value + content[end:]


def _change_number(content: bytes, _: bytes, drawn: random.Random) -> bytes:
    return _change_match(rb"-?\d+", content, drawn, drawn.choice(_NUMBERS))


def _change_word(content: bytes, other: bytes, drawn: random.Random) -> bytes:
    words = re.findall(rb"[^\s,;:=|]+", drawn.choice((content, other))) or [b""]
    return _change_match(rb"[^\s,;:=|]+", content, drawn, drawn.choice(words))


def _change_json(content: bytes, other: bytes, drawn: random.Random) -> bytes:
    """A value of the file, or of one of its lines, replaced, removed, moved or repeated; or a key."""
    lines = content.split(b"\n")
    place = drawn.randrange(len(lines))
    for text, before, after in ((content, (), ()), (lines[place], lines[:place], lines[place + 1 :])):
        try:
            return b"\n".join((*before, _changed_json(json.loads(text), drawn), *after))
        except (ValueError, RecursionError):  # earlier changes may have made it anything
            continue
    return _change_number(content, other, drawn)


def _changed_json(value: Any, drawn: random.Random) -> bytes:
    root = [value]
    slots: list[tuple[Any, Any]] = [(root, 0)]
    for holder, key in slots:
        if isinstance(inner := holder[key], (dict, list)):
            slots += [(inner, key) for key in (inner if isinstance(inner, dict) else range(len(inner)))]
    holder, key = drawn.choice(slots)
    source, name = drawn.choice(slots)
    mark, raw = "@@@", drawn.choice(_VALUES)
    match drawn.randrange(6):
        case 0 if holder is not root:
            del holder[key]
        case 1 if isinstance(holder, dict):
            holder[drawn.choice([*(str(name) for _, name in slots), "id", "", "a" * 300])] = holder.pop(key)
        case 2 if isinstance(holder, list):
            holder[key:key] = [holder[key]] * drawn.choice((1, 1, 2, 50, 1000))
        case 3:
            raw = json.dumps(source[name])
            holder[key] = mark
        case 4:
            depth = drawn.choice((2, 20, 200, drawn.randint(900, 1000), drawn.randint(900, 1000), 3000, 100000))
            left, right = drawn.choice((("[", "]"), ('{"a": ', "}"), ("[[", "]"), ("[", "")))
            raw = left * depth + raw + right * depth
            holder[key] = mark
        case _:
            holder[key] = mark
    text = json.dumps(root[0], ensure_ascii=drawn.random() < 0.5)
    return text.replace(f'"{mark}"', raw, 1).encode(errors="replace")


def _change_xml(content: bytes, other: bytes, drawn: random.Random) -> bytes:
    """An attribute or an element changed, or a document type, an entity or deep elements put in."""
    match drawn.randrange(6):
        case 0:
            value = drawn.choice((*_NUMBERS, *re.findall(rb'="([^"]*)"', content)))
            return _change_match(rb'(?<==")[^"]*', content, drawn, value)
        case 1:
            return _change_match(rb"<[^<>]*>", content, drawn, b"")
        case 2:
            tag = drawn.choice(re.findall(rb"<[^<>]*>", content) or [b"<p>"])
            return _change_match(rb"(?=<)", content, drawn, tag)
        case 3:
            entity = drawn.choice((b"&b9;", b"&#0;", b"&#xD800;", b"&#x1F600;", b"&#99999999999;", b"&x", b"]]>"))
            return _change_match(rb"(?<=[>\"])(?=[^<>\"])", content, drawn, entity)
        case 4:
            depth = drawn.choice((50, 300, 3000, 20000))
            name = drawn.choice((b"div", b"p", b"table", b"b", b"types"))
            return _change_match(
                rb"(?=<)", content, drawn, b"<%s>" % name * depth + b"</%s>" % name * drawn.choice((0, depth))
            )
        case _:
            changed = _change_match(rb"(?<=\?>)|^(?!<\?)", content, drawn, drawn.choice(_DOCTYPES).encode())
            return _change_match(rb'(?<==")[^"]*', changed, drawn, b"&b9;")


def _change_zip(content: bytes, other: bytes, drawn: random.Random) -> bytes:
    """A file in it changed, or the archive made otherwise, or one that lies or bursts."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(item.file_size for item in archive.infolist()) > 4 * SWOLLEN:
                return _flip(content, other, drawn)
            files = {name or "x": archive.read(name) for name in archive.namelist()}
    except Exception:  # of many classes, for it may be a changed one
        return _flip(content, other, drawn)
    name = drawn.choice([*files] or ["x"])
    kind = drawn.choice((zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA))
    match drawn.randrange(8):
        case 0:
            odd = drawn.choice(
                ("../x", "/x", ".", "a/../b", "a" * 300, "a\\b", "a\0", "😀", "__MACOSX/x", "annotation/x")
            )
            files[odd + drawn.choice(("", ".json", ".xmi", ".jsonl", "/"))] = files.pop(name, b"")
        case 1:
            return drawn.choice((bomb(), zipped({**files, "annotation/a.txt/x.zip": bomb()}, zipfile.ZIP_STORED)))
        case 2:
            return zipped({name: content, f"annotation/a/{name}.zip": content, **files}, kind)
        case 3:
            target = io.BytesIO()
            with zipfile.ZipFile(target, "w") as archive:
                for name, inner in files.items():
                    archive.writestr(zipfile.ZipInfo(name), inner, kind)
                item = drawn.choice(archive.infolist() or [zipfile.ZipInfo()])
                # What the directory at the end of the archive says is not true.
                field = drawn.choice(
                    ("file_size", "compress_size", "header_offset", "CRC", "flag_bits", "compress_type")
                )
                setattr(item, field, drawn.choice((0, 1, 8, 9, 99, 2**15)))
            return target.getvalue()
        case _:
            files[name] = changed(files.get(name, b""), other, drawn)
    return zipped(files, kind)


@cache
def bomb() -> bytes:
    """A zip of less than a megabyte whose files have 384 MiB."""
    return zipped({f"annotation/a.txt/x{ending}": bytes(1 << 27) for ending in (".xmi", ".json", ".jsonl")})


@cache
def zlib_bomb() -> bytes:
    return zlib.compress(bytes(3 << 27))


def _change_docbin(content: bytes, other: bytes, drawn: random.Random) -> bytes:
    """What is packed changed, as bytes or in one of its fields, or a stream that expands without measure."""
    import srsly  # type: ignore[import-untyped]

    try:
        inner, more = zlib.decompress(content), zlib.decompress(other)
        message = srsly.msgpack_loads(inner)
    except Exception:  # of many classes, for it may be a changed one
        return zlib_bomb() if drawn.random() < 0.05 else _flip(content, other, drawn)
    if drawn.random() < 0.4 or not isinstance(message, dict):
        return zlib.compress(drawn.choice(_BYTES)(inner, more, drawn), 1)
    name = drawn.choice(sorted(map(str, message)))
    value = message.get(name)
    if isinstance(value, list) and value and drawn.random() < 0.7:
        place = drawn.randrange(len(value))
        value[place] = _changed_value(value[place], drawn)
    elif drawn.random() < 0.1:
        message.pop(name, None)
    else:
        message[name] = _changed_value(value, drawn)
    return zlib.compress(srsly.msgpack_dumps(message), 1)


def _changed_value(value: Any, drawn: random.Random) -> Any:
    if isinstance(value, bytes) and drawn.random() < 0.8:
        if drawn.random() < 0.5 and len(value) >= 8:  # numbers of a fixed width
            start = drawn.randrange(len(value) // 4) * 4
            number = drawn.choice((0, 1, 3, 64, 384, 2**31 - 1, 2**32 - 1)).to_bytes(4, "little")
            return value[:start] + number + value[start + 4 :]
        return drawn.choice(_BYTES)(value, value, drawn)
    return drawn.choice(
        (None, True, 0, -1, 64, 2**63, 1.5, "", "a\0", b"", b"\x80", [], [0], {}, {"a": []}, "x" * 5000)
    )


_BYTES: Final[tuple[Change, ...]] = (_flip, _delete, _truncate, _insert, _repeat, _splice)
_TEXT: Final[tuple[Change, ...]] = (
    *_BYTES,
    _swap_lines,
    _recode,
    _change_number,
    _change_number,
    _change_word,
    _change_word,
)


def changed(content: bytes, other: bytes, drawn: random.Random) -> bytes:
    """The content changed in one way, as often as not in one of its own form."""
    head = content.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    form = {b"{": _change_json, b"[": _change_json, b"<": _change_xml, b"P": _change_zip, b"x": _change_docbin}.get(
        head
    )
    is_binary = content[:2] in (b"PK", b"x\x9c", b"x\x01", b"x\xda")
    if form and (is_binary or form in (_change_json, _change_xml)) and drawn.random() < 0.5:
        return form(content, other, drawn)
    return drawn.choice(_BYTES if is_binary else _TEXT)(content, other, drawn)


def mutated(samples: Sequence[Input], drawn: random.Random) -> Input:
    """One of the samples with one to six changes."""
    sample = drawn.choice(samples)
    files = dict(sample.files)
    for _ in range(drawn.choice((1, 1, 1, 2, 3, 6))):
        name = drawn.choice(sorted(files))
        others = drawn.choice(samples).files
        files[name] = changed(files[name], others[drawn.choice(sorted(others))], drawn)
    if drawn.random() < 0.02:
        del files[drawn.choice(sorted(files))]
    return Input(sample.source, files)


# Trials


@contextmanager
def _limited(limit: float) -> Iterator[None]:
    """Raises TooLong where the block takes too much processor time, unless it never comes back to Python."""

    def stop(*_: object) -> None:
        raise TooLong(f"took more than {limit} s")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, limit)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def _peak() -> int:
    """The most memory there was since the last `_forget_peak`, in KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _put(folder: Path, one: Input) -> Path:
    for name, content in one.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder / one.source


def _read(path: Path, format: str) -> str:
    """`read` or `refused`; what of a refusal is not clear is an AssertionError."""
    try:
        for _ in formats.read(path, format, LABELS):
            pass
    except InputError as error:
        for problem in error.problems[: -1 if error.problems[-1].where == "and" else None]:
            assert problem.where.startswith(str(path.parent)), f"names no file: {problem}"
            assert problem.what.strip() and len(str(problem)) < 2000, f"is no reason: {problem}"
        str(error).encode()
        return "refused"
    return "read"


def _convert(path: Path, format: str, to: str) -> None:
    """What was written must be whole and readable; what was refused must leave nothing."""
    out = path.parent / "out"
    out.mkdir()
    target = out / f"x{ENDINGS[to] if formats.FORMATS[to].is_text else '.x'}"
    labels = None if format == "json" else [f"{theirs}={ours}" for theirs, ours in LABELS.items()]
    try:
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            cli.convert(path, target, format, to, labels)
    except InputError:
        left = [file.name for file in out.iterdir()]
        assert not left, f"refused to write {to}, and left {left}"
    else:
        assert list(out.iterdir()) == [target], f"wrote {to}, and left {[file.name for file in out.iterdir()]}"
        list(formats.read(target, to))


def attempt(format: str, number: int, samples: Sequence[Input], seed: int, work: Path) -> Outcome:
    """Reads the file of a number; one that fails stays in `work`, in a folder of its own with the reason."""
    drawn = random.Random(f"{seed} {format} {number}")  # noqa: S311  # nothing secret
    folder = work / f"{format}-{number}"
    folder.mkdir()
    path = _put(folder, mutated(samples, drawn))
    origin = "auto" if drawn.random() < 0.1 else format
    to = drawn.choice(WRITTEN) if number % CONVERTED == 0 else ""
    _forget_peak()  # else the largest of the files before would hide this one
    before, begun = _peak(), time.process_time()
    try:
        with _limited(SECONDS):
            told = _read(path, origin)
        seconds = time.process_time() - begun
        if to:
            with _limited(WRITING):
                _convert(path, format, to)
    except (Exception, TooLong):
        told, seconds = traceback.format_exc(), time.process_time() - begun
    grown = _peak() - before
    if told in GOOD and grown > (WRITING_GROWTH if to else GROWTH):
        told = f"memory grew by {grown >> 10} MiB"
    if told in GOOD and seconds > SECONDS:  # an exception is lost where garbage is collected
        told = f"took {seconds:.1f} s"
    if told in GOOD:
        shutil.rmtree(folder)
    else:
        (folder / "why.txt").write_text(f"{origin} {to}\n{told}", encoding="utf-8", errors="replace")
    return Outcome(number, told, seconds, grown)


def attempts(format: str, count: int, seed: int, work: Path) -> Iterator[Outcome]:
    """Reads files in processes of their own, which may crash or hang."""
    samples = inputs(format)
    # What libraries load once, at their first use, is no matter of the files.
    for place, sample in enumerate(samples):
        folder = work / f"{format}-sample-{place}"
        assert _read(_put(folder, sample), format) == "read"
        for to in WRITTEN if place == 0 else ():
            _convert(_put(folder / to, sample), format, to)
        shutil.rmtree(folder)
    fork = multiprocessing.get_context("fork")
    number = 0
    while number < count:
        receiver, sender = fork.Pipe(duplex=False)
        child = fork.Process(target=_send, args=(format, range(number, count), samples, seed, work, sender))
        child.start()
        sender.close()
        told = "hangs"
        try:
            while number < count and receiver.poll(SILENCE):
                yield receiver.recv()
                number += 1
        except EOFError:
            child.join()
            assert child.exitcode is not None and child.exitcode < 0, "the error above is one of this module"
            told = f"crash: exit code {child.exitcode}"
        if number < count:
            child.kill()
            (work / f"{format}-{number}" / "why.txt").write_text(told)
            yield Outcome(number, told, 0, 0)
            number += 1
        child.join()


def _send(format: str, numbers: Iterable[int], samples: Sequence[Input], seed: int, work: Path, to: Connection) -> None:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    room = pages * resource.getpagesize() + ROOM
    resource.setrlimit(resource.RLIMIT_AS, (room, room))
    gc.freeze()  # what libraries hold would be looked through for garbage with each file of many values
    for number in numbers:
        to.send(attempt(format, number, samples, seed, work))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("formats", nargs="*", metavar="FORMAT", help=f"of {', '.join(READ)}; all if left out")
    parser.add_argument("--count", type=int, default=20_000, help="files a format")
    parser.add_argument("--seed", type=int, default=13)
    given = parser.parse_args()
    work = Path(tempfile.mkdtemp(prefix="fuzz-"))
    failed = False
    print(f"{'format':<16} {'files':>6} {'read':>6} {'refused':>7} {'slowest ms':>10} {'MiB':>6} {'failures':>8}")  # noqa: T201
    for format in given.formats or READ:
        found = list(attempts(format, given.count, given.seed, work))
        read, refused = (sum(item.told == told for item in found) for told in GOOD)
        slowest, grown = max(item.seconds for item in found), max(item.grown for item in found)
        failures = len(found) - read - refused
        print(  # noqa: T201
            f"{format:<16} {len(found):>6} {read:>6} {refused:>7} {1000 * slowest:>10.0f} {grown >> 10:>6} {failures:>8}"  # noqa: E501
        )
        failed |= failures > 0
    if failed:
        sys.exit(f"the files that failed are in {work}, each with the reason in why.txt")
    shutil.rmtree(work)


if __name__ == "__main__":
    main()
