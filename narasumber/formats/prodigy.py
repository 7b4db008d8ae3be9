"""Prodigy's JSON Lines in and out: what `prodigy db-out` writes and `db-in` takes (https://prodi.gy/docs/api-interfaces).

One article, a "task", a line:

    {"text": "...", "answer": "accept", "meta": {"id": "...", "title": "..."},
     "tokens": [{"text": "kata", "start": 12, "end": 16, "id": 4, "ws": true}],
     "spans": [{"start": 12, "end": 16, "token_start": 4, "token_end": 4, "label": "CUE"}],
     "relations": [{"head": 4, "child": 5, "label": "SOURCE", "head_span": {...}, "child_span": {...}}]}

Offsets count code points, the end exclusive; `token_end` is the last token itself, and `head` and `child` are the last
tokens of their spans. Relations join a CUE and a SOURCE or CONTENT, either way round. Spans may overlap, as those of
`spans.manual` do. Two keys are this project's own, which Prodigy carries along: `attributes` (Form, Kind) and
`fragments` (the parts of a span with gaps) of a span.

Read are the accepted tasks, and those without an answer, which nobody has seen yet. The rejected and ignored ones are
no gold, nor are the answers on a single span (`_is_binary`, as of `ner.teach`), which say nothing of the rest of the
text: they are left out and counted, in `meta["left_out"]` of the article that follows, or of the last. Where none is
accepted, that is an error. Who annotated (`_annotator_id`, else `_session_id`; a name or number) is
`meta["annotator"]`, so that the annotations of one text by several people, which share its id, can be told apart.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, TypeGuard

from narasumber.document import Document, Span
from narasumber.formats.common import LabelMap, Mark, Problems, Tie, build, json_lines, plain, short
from narasumber.words import words

_EXPORT_AGAIN: Final = "export it again with `prodigy db-out`"


def sniff(path: Path, head: str) -> str:
    keys = set(re.findall(r'"(\w+)"\s*:', head))
    if path.is_dir() or not head.lstrip().startswith("{") or "layer" in keys:
        return ""
    if keys & {"_input_hash", "_task_hash"}:
        return "lines are JSON objects with Prodigy's hashes"
    ours = {"spans", "answer"}, {"spans", "token_start"}, {"text", "spans", "start", "end", "label"}
    return "lines are JSON objects with text and spans" if any(keys >= those for those in ours) else ""


def read(path: Path, labels: LabelMap) -> Iterator[Document]:
    """Raises InputError, with all problems, at the end."""
    problems = Problems()
    passed: Counter[str] = Counter()
    last: Document | None = None
    for where, task in json_lines(path, problems):
        answer = task.get("answer") or "accept"
        if answer in ("reject", "ignore"):
            passed[f"articles answered {answer}"] += 1
        elif answer != "accept":
            problems.add(where, f"answer is {short(answer)}", "answers are accept, reject and ignore")
        elif task.get("_is_binary") is True:
            passed["answers on a single span"] += 1
        elif document := _document(task, where, path.stem, passed, labels, problems):
            if last:
                yield last
            last = document
            passed.clear()
    if last:
        passed.update(last.meta.get("left_out", {}))
        yield replace(last, meta={**last.meta, "left_out": dict(passed)}) if passed else last
    elif passed and not problems:
        told = ", ".join(f"{count} {what}" for what, count in passed.items())
        cure = "accept some that are annotated as a whole, or take `answer` out of the lines"
        problems.add(str(path), f"no article is accepted ({told})", cure)
    problems.raise_if_any()


def _document(
    task: Mapping[str, Any], where: str, stem: str, passed: Counter[str], labels: LabelMap, problems: Problems
) -> Document | None:
    text = task.get("text")
    if not isinstance(text, str):
        problems.add(where, "has no text", "Prodigy's tasks on texts have a key `text`")
        return None
    before = problems.count
    marks = _marks(task, where, problems)
    left_out = Counter(passed)
    ties = _ties(task, marks, left_out, where, problems) if problems.count == before else []
    if problems.count > before:
        return None
    known = task["meta"] if isinstance(task.get("meta"), dict) else {}
    ids = (known.get("id"), task.get("id"), task.get("_input_hash"))
    id = next((str(id) for id in ids if isinstance(id, str | int) and id != ""), f"{stem}-{where.rpartition(':')[2]}")
    meta = plain({name: value for name, value in known.items() if name != "id"}, left_out)
    names = (task.get("_annotator_id"), task.get("_session_id"), known.get("annotator"))
    if annotator := next((str(name) for name in names if _is_number(name) or (name and isinstance(name, str))), ""):
        meta["annotator"] = annotator
    if task.get("accept"):
        left_out["choices"] += 1
    return build(id, text, marks, ties, labels, problems, where=where, meta={**meta, "left_out": left_out})


def _items(task: Mapping[str, Any], key: str, where: str, problems: Problems) -> Iterator[tuple[str, dict[str, Any]]]:
    """`(where, object)` of each object in a list of the task, which may be missing."""
    value = task.get(key)
    for index, item in enumerate(value if isinstance(value, list) else [] if value is None else [value]):
        place = f"{where}: {key}[{index}]" if isinstance(value, list) else f"{where}: {key}"
        if isinstance(item, dict):
            yield place, item
        else:
            problems.add(place, f"is {short(item)}, not an object", _EXPORT_AGAIN)


def _marks(task: Mapping[str, Any], where: str, problems: Problems) -> list[Mark]:
    marks: list[Mark] = []
    for place, span in _items(task, "spans", where, problems):
        # In binary tasks the label may stand beside the span that it is about.
        start, end, label = span.get("start"), span.get("end"), span.get("label") or task.get("label")
        fragments = span.get("fragments") or []
        if not _is_number(start) or not _is_number(end):
            problems.add(place, f"goes from {short(start)} to {short(end)}", "start and end are whole numbers")
        elif not isinstance(label, str):
            problems.add(place, f"has the label {short(label)}" if label else "has no label", "give it a label")
        elif not isinstance(fragments, list) or not all(
            isinstance(part, list) and len(part) == 2 and all(map(_is_number, part)) for part in fragments
        ):
            problems.add(place, f"has the fragments {short(fragments)}", "fragments are pairs of start and end")
        else:
            attributes = span.get("attributes") or {}
            marks.append(
                Mark(
                    place,
                    label,
                    start,
                    end,
                    place,
                    span["text"] if isinstance(span.get("text"), str) and not fragments else None,
                    {str(key): str(value) for key, value in attributes.items()} if isinstance(attributes, dict) else {},
                    tuple((first, last) for first, last in fragments),
                )
            )
    return marks


def _ties(
    task: Mapping[str, Any], marks: Sequence[Mark], left_out: Counter[str], where: str, problems: Problems
) -> list[Tie]:
    """The relations between spans; those of words without a span are counted."""
    ties: list[Tie] = []
    # Of marks with one label, the first.
    by_bounds: dict[tuple[int, int], dict[str, Mark]] = {}
    by_end: dict[int, dict[str, Mark]] = {}
    for mark in marks:
        by_bounds.setdefault((mark.start, mark.end), {}).setdefault(mark.label, mark)
        by_end.setdefault(mark.end, {}).setdefault(mark.label, mark)
    for place, relation in _items(task, "relations", where, problems):
        ends: list[str] = []
        for role in ("head", "child"):
            span = relation.get(f"{role}_span")
            if isinstance(span, dict):
                start, end, label = span.get("start"), span.get("end"), span.get("label")
                if not _is_number(start) or not _is_number(end):
                    problems.add(place, f"its {role}_span has no start and end", _EXPORT_AGAIN)
                    continue
                there = by_bounds.get((start, end), {}).values()
                found = [mark for mark in there if label in (mark.label, None, "")]
                name = f"{label} {short(start)}..{short(end)}" if label else ""
            else:
                token = _token(task, relation.get(role))
                if token is None:
                    problems.add(place, f"has no {role}_span, and its {role} is no token", _EXPORT_AGAIN)
                    continue
                found, name = list(by_end.get(token, {}).values()), ""
            if len({mark.label for mark in found}) > 1:
                what = f"its {role} may be any of {', '.join(sorted({mark.label for mark in found}))}"
                problems.add(place, what, f"say which one in `{role}_span`")
            elif found or name:
                ends.append(found[0].key if found else name)
        if len(ends) == 2:
            ties.append(Tie(ends[0], ends[1], place, str(relation.get("label"))))
        else:
            left_out["relations of words without a span"] += 1
    return ties


def _token(task: Mapping[str, Any], index: object) -> int | None:
    """Where a token ends; a relation names the last one of its spans."""
    tokens = task.get("tokens")
    if not _is_number(index) or not isinstance(tokens, list) or not 0 <= index < len(tokens):
        return None
    end = tokens[index].get("end") if isinstance(tokens[index], dict) else None
    return end if _is_number(end) else None


def _is_number(value: object) -> TypeGuard[int]:
    return type(value) is int


def render(documents: Iterable[Document]) -> Iterator[str]:
    for document in documents:
        yield json.dumps(_task(document), ensure_ascii=False) + "\n"


def kept(meta: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: value for name, value in plain(meta, {}).items() if name != "id"}


def _task(document: Document) -> dict[str, Any]:
    """The short keys come first: by them the format is known from a file's beginning, however long the article."""
    text = document.text
    pieces = tokens(text, words(text), document.spans)
    first = {start: index for index, (start, _, _) in enumerate(pieces)}
    last = {end: index for index, (_, end, _) in enumerate(pieces)}
    bounds = {
        span: {
            "start": span.start,
            "end": span.end,
            "token_start": first[span.start],
            "token_end": last[span.end],
            "label": span.label,
        }
        for span in document.spans
    }
    meta = dict(kept(document.meta))
    annotator = meta.pop("annotator", None)
    return {
        "meta": {**meta, "id": document.id},
        "answer": "accept",
        **({"_annotator_id": annotator} if annotator else {}),
        "spans": [
            {
                **bounds[span],
                **({"attributes": dict(span.attributes)} if span.attributes else {}),
                **({"fragments": span.fragments} if span.fragments else {}),
            }
            for span in document.spans
        ],
        "relations": [
            {
                "head": last[attribution.cue.end],
                "child": last[span.end],
                "label": span.label,
                "head_span": bounds[attribution.cue],
                "child_span": bounds[span],
            }
            for attribution in document.attributions
            for span in attribution.spans[1:]
        ],
        "text": text,
        "tokens": [
            {"text": text[start:end], "start": start, "end": end, "id": index, "ws": space}
            for index, (start, end, space) in enumerate(pieces)
        ],
    }


def tokens(text: str, grid: Iterable[tuple[int, int]], spans: Iterable[Span]) -> list[tuple[int, int, bool]]:
    """Tokens as spaCy has them: start, end, and whether one space follows, so that they give the whole text back.

    They are the words of `grid`, cut where a span starts or ends in one, and what white space is left: all but single
    spaces behind a word.
    """
    marked = list(spans)
    starts, ends = {span.start for span in marked}, {span.end for span in marked}
    cuts = sorted({0, len(text), *starts, *ends, *(offset for word in grid for offset in word)})
    pieces: list[tuple[int, int, bool]] = []
    for start, end in zip(cuts[:-1], cuts[1:], strict=True):
        is_free = start not in starts and not (end == start + 1 and end in ends)
        if pieces and text[start] == " " and is_free and not pieces[-1][2]:
            pieces[-1] = (*pieces[-1][:2], True)
            start += 1
        if start < end:
            pieces.append((start, end, False))
    return pieces
