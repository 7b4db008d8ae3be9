r"""Label Studio in and out: tasks as its "JSON" and "JSON-MIN" exports and its import of predictions have them.

The form is that of "Label Studio JSON format of annotated tasks" (https://labelstud.io/guide/task_format) and of
"Import pre-annotated data" (https://labelstud.io/guide/predictions). A file is a list of tasks, one task, or one task
a line:

    {"id": 7, "data": {"id": "a", "text": "Ani kata", "outlet": "x.id"},          the text under any key
     "annotations": [{"completed_by": 3, "was_cancelled": false, "result": [      "completions" before version 1.0
       {"id": "u", "from_name": "label", "to_name": "text", "type": "labels",
        "value": {"start": 0, "end": 3, "text": "Ani", "labels": ["SOURCE"]}},
       {"id": "u", "from_name": "Kind", "to_name": "text", "type": "choices",     Kind of a SOURCE, Form of a CONTENT
        "value": {"start": 0, "end": 3, "text": "Ani", "choices": ["Person"]}},
       {"type": "relation", "from_id": "v", "to_id": "u", "labels": ["Source"]}]}],
     "predictions": [...]}                                                        with "model_version" and "score"

JSON-MIN is flat, `{"id": 7, "text": "Ani kata", "label": [{"start": 0, ...}], "annotator": 3, ...}`, without relations
and with no telling which span a choice belongs to.

Several people's annotations of a task are as many Documents with one id and an `annotator` in `meta`. Predictions are
read from a file where nobody annotated any task, each with the annotator `model:VERSION` and its `score`: beside
annotations they are what nobody has corrected yet. What is left out, such as these, or a task with neither, is counted
in `meta["left_out"]` of the Document after it, or of the last.

Offsets count code points in versions since 2021, UTF-16 units in those before, and a CRLF as one character or two:
what `value.text` says decides. There a line end is written `\n`, as two characters.

For a project that can hold all of the scheme paste `labelling_config()` into "Labeling Setup". What `render` writes
are predictions for such a project; choose them under "Use predictions to prelabel tasks". Their version is the `model`
of `meta` or an annotator `model:VERSION`, their score the `score` of `meta` if that is from 0 to 1: else null, which
imports as no score, where any number would be taken for the model's confidence and order the tasks. A CUE without any
role and the gaps of a span in parts are not written: Label Studio has no form for them.
"""

from __future__ import annotations

import colorsys
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from narasumber.document import Document
from narasumber.formats.common import (
    CRLF_AS_ONE,
    LabelMap,
    Mark,
    Problems,
    Tie,
    build,
    json_objects,
    plain,
    recount,
    short,
    units,
)
from narasumber.labels import ATTRIBUTES, LABELS, Layer, layer_of_label

_LABEL, _TEXT, _MODEL = "label", "text", "narasumber"
"""What we call the Labels tag, the Text tag with its field, and the model that has no name of its own."""

_IDS: Final = ("id", "document", "document_id", "doc_id", "file_upload")
"""Fields of the data that name the document, the first that is there and named no other text before it in the file, for
then it names what the tasks are parts of; else the task's own id does, if it has one."""

_OF_MIN: Final = ("annotator", "annotation_id", "created_at", "updated_at", "lead_time", "agreement", "history")
"""What JSON-MIN puts beside the data and the results."""

_AGAIN: Final = "export it from Label Studio again, as JSON"

_Item = dict[str, Any]


def sniff(path: Path, head: str) -> str:
    del path
    if head.lstrip()[:1] not in ("[", "{"):
        return ""
    lists = re.search(r'"(annotations|completions|predictions)"\s*:\s*\[', head)
    results = re.search(r'"result"\s*:\s*\[', head)
    if (results and (lists or '"from_name"' in head)) or (lists and re.search(r'"data"\s*:\s*\{', head)):
        return "its tasks hold annotations or predictions as Label Studio writes them"
    if re.search(r'"start"\s*:\s*\d', head) and re.search(r'"labels"\s*:\s*\[\s*"', head) and '"spans"' not in head:
        return "its items hold regions with labels, as Label Studio's JSON-MIN has them"
    return ""


def read(path: Path, labels: LabelMap) -> Iterator[Document]:
    """Raises InputError, with all problems, behind the last good document; also where no task has an annotation."""
    problems = Problems()
    passed: Counter[str] = Counter()
    held: Document | None = None
    ids: dict[str, int] = {}
    usual = cache(lambda: _usual_field(path))
    annotated = cache(lambda: any(_annotations(task) for _, task in _tasks(path, Problems())))
    for where, task in _tasks(path, problems):
        for document in _documents(where, task, usual, annotated, ids, labels, passed, problems):
            if held is not None:
                yield held
            held = document
    if held is not None:
        yield _with_left_out(held, passed)
    elif not problems:
        told = "; ".join(f"{number} {what}" for what, number in passed.items()) or "there is no task"
        problems.add(str(path), f"no task has an annotation: {told}", "annotate some, then export them as JSON")
    problems.raise_if_any()


def render(documents: Iterable[Document]) -> Iterator[str]:
    """Tasks with predictions. `meta` goes to the data where it is text or numbers; offsets count code points."""
    yield "["
    for number, document in enumerate(documents, start=1):
        yield (",\n" if number > 1 else "\n") + json.dumps(_task(document, number), ensure_ascii=False)
    yield "\n]\n"


def kept(meta: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: value for name, value in plain(meta, {}).items() if name not in ("id", _TEXT)}


def labelling_config() -> str:
    """The labelling configuration (XML) of a project for the whole scheme, to paste into Label Studio."""
    names = [label for layer in LABELS.values() for label in layer]
    colours = [colorsys.hls_to_rgb(place / len(names), 0.45, 0.6) for place in range(len(names))]
    lines = ["<View>", "  <Relations>"]
    lines += [f'    <Relation value="{role}"/>' for role in ("Source", "Content")]
    lines += ["  </Relations>", f'  <Labels name="{_LABEL}" toName="{_TEXT}">']
    for name, rgb in zip(names, colours, strict=True):
        lines.append(f'    <Label value="{name}" background="#{"".join(f"{round(255 * part):02x}" for part in rgb)}"/>')
    lines += ["  </Labels>", f'  <Text name="{_TEXT}" value="${_TEXT}"/>']
    for attribute, (layer, values) in ATTRIBUTES.items():
        when = f'perRegion="true" visibleWhen="region-selected" whenLabelValue="{",".join(LABELS[layer])}"'
        lines.append(f'  <Choices name="{attribute}" toName="{_TEXT}" choice="single" showInline="true" {when}>')
        lines += [f'    <Choice value="{value}"/>' for value in values]
        lines.append("  </Choices>")
    return "\n".join([*lines, "</View>", ""])


def _task(document: Document, number: int) -> _Item:
    """One task for import; `number` keeps the ids of regions apart from those of other tasks."""
    ids = {span: f"{number}-{place}" for place, span in enumerate(document.spans, start=1)}
    result: list[_Item] = []
    for span, id in ids.items():
        bounds = {"start": span.start, "end": span.end, "text": document.text[span.start : span.end]}
        of = {"id": id, "to_name": _TEXT}
        value = {**bounds, "labels": [span.label]}
        result.append({**of, "from_name": _LABEL, "type": "labels", "value": value})
        for name, choice in span.attributes:
            value = {**bounds, "choices": [choice]}
            result.append({**of, "from_name": name, "type": "choices", "value": value})
    for attribution in document.attributions:
        for span in (*attribution.sources, *attribution.contents):
            ends = {"from_id": ids[attribution.cue], "to_id": ids[span]}
            result.append({**ends, "type": "relation", "direction": "right", "labels": [span.layer.capitalize()]})
    fields = dict(kept(document.meta))
    version, score = _MODEL, None
    if str(fields.get("annotator", "")).startswith("model:"):
        version = fields.pop("annotator").removeprefix("model:")
    elif isinstance(fields.get("model"), str):
        version = fields.pop("model")
    if _is_number(fields.get("score")) and 0 <= fields["score"] <= 1:
        score = fields.pop("score")
    data = {**fields, "id": document.id, _TEXT: document.text}
    return {"data": data, "predictions": [{"model_version": version, "score": score, "result": result}]}


def _is_number(value: object) -> bool:
    return type(value) in (int, float)


def _tasks(path: Path, problems: Problems) -> Iterator[tuple[str, _Item]]:
    """Tasks in the form of the full export, whichever way the file writes them."""

    def task_of(item: tuple[str, _Item]) -> tuple[bool, Any]:
        where, row = item
        return (True, row.get("id")) if _is_flat(row) else (False, where)

    for (flat, _), rows in groupby(json_objects(path, problems), task_of):
        items = list(rows)
        where, row = items[0]
        if flat:
            row = _unflattened([row for _, row in items])
        elif isinstance(row.get("task"), dict):  # an annotation, as cloud storage holds them
            row = {**row["task"], "annotations": [row]}
        if isinstance(row.get("data"), dict):
            yield where, row
        else:
            problems.add(where, "is no task: it has neither data nor regions with labels", _AGAIN)


def _is_flat(row: _Item) -> bool:
    if isinstance(row.get("data"), dict) or isinstance(row.get("task"), dict):
        return False
    return "annotation_id" in row or any(_are_regions(value) for value in row.values())


def _are_regions(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(item, dict) and "start" in item for item in value)


def _unflattened(rows: Sequence[_Item]) -> _Item:
    """JSON-MIN's rows for one task, one for each annotation."""
    fields = {name: value for name, value in rows[0].items() if not _are_regions(value) and name not in _OF_MIN}
    annotations = []
    for row in rows:
        result = []
        for name, regions in row.items():
            for place, value in enumerate(regions if _are_regions(regions) else (), start=1):
                kind = "choices" if isinstance(value, dict) and "choices" in value else "labels"
                result.append({"id": f"{name} {place}", "from_name": name, "type": kind, "value": value})
        annotations.append({"completed_by": row.get("annotator"), "id": row.get("annotation_id"), "result": result})
    return {"id": rows[0].get("id"), "data": fields, "annotations": annotations}


def _documents(
    where: str,
    task: _Item,
    usual: Callable[[], str],
    annotated: Callable[[], bool],
    ids: dict[str, int],
    labels: LabelMap,
    passed: Counter[str],
    problems: Problems,
) -> Iterator[Document]:
    """One Document for each annotation of a task, or for each prediction if no task of the file has one.

    `usual` is asked for the field of the text where the task does not tell, `annotated` for whether a task has any.
    `ids` has the hash of the text that each names. `passed` counts what is left out until there is a Document that can
    say so.
    """
    own, predictions = _annotations(task), task.get("predictions") or []
    taken = own or predictions
    if not isinstance(taken, list) or not all(isinstance(item, dict) for item in taken):
        problems.add(where, f"annotations or predictions are {short(taken)}, not a list of objects", _AGAIN)
        return
    shown = [item for item in taken if not (item.get("was_cancelled") or item.get("skipped"))]
    if len(shown) < len(taken):
        passed["annotations that were skipped"] += len(taken) - len(shown)
    if not taken:
        passed["tasks without annotation"] += 1
    elif not own and annotated():
        passed["tasks with predictions that nobody corrected"] += 1
        return
    if own and predictions:
        passed["predictions beside annotations"] += len(predictions) if isinstance(predictions, list) else 1
    results = [item.get("result") or [] for item in shown]
    for place, result in enumerate(results, start=1):
        if not isinstance(result, list) or not all(isinstance(item, dict) for item in result):
            problems.add(f"{where}, annotation {place}", f"result is {short(result)}, not a list of objects", _AGAIN)
            return
    field = _text_field(task["data"], [item for result in results for item in result], usual) if shown else ""
    if shown and not field:
        strings = ", ".join(name for name, value in task["data"].items() if isinstance(value, str)) or "none"
        cure = f"call the field of the text {_TEXT!r}, or the Text tag by the name of its field"
        problems.add(where, f"which field of its data is the text? Those with strings are: {strings}", cure)
        return
    for place, (annotation, result) in enumerate(zip(shown, results, strict=True), start=1):
        who = _annotator(annotation, place) if own else f"model:{annotation.get('model_version') or ''}"
        named = len(shown) > 1 if own else who != f"model:{_MODEL}"
        at = f"{where}, annotation {place}" if len(shown) > 1 else where
        said = {"annotator": who} if named else {}
        if not own and _is_number(annotation.get("score")):
            said["score"] = annotation["score"]
        document = _document(at, task, field, result, said, ids, labels, problems)
        if document is not None:
            yield _with_left_out(document, passed)
            passed.clear()


def _annotations(task: _Item) -> Any:
    return task.get("annotations") or task.get("completions") or []


def _text_field(data: Mapping[str, Any], results: Sequence[_Item], usual: Callable[[], str]) -> str:
    """The field of the data that holds the text, or an empty string where that cannot be told."""
    if own := _named_field(data, results):
        return own
    return next((name for name in (usual(), _TEXT) if isinstance(data.get(name), str)), "")


def _usual_field(path: Path) -> str:
    """The field that holds the text of the first task of a file that tells; empty where none does."""
    for _, task in _tasks(path, Problems()):
        for annotation in [*_objects(_annotations(task)), *_objects(task.get("predictions"))]:
            if field := _named_field(task["data"], _objects(annotation.get("result"))):
                return field
    return ""


def _objects(value: Any) -> list[_Item]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _named_field(data: Mapping[str, Any], results: Sequence[_Item]) -> str:
    """The field that results name, or the only one that can hold what they say; empty where there is none."""
    strings = [name for name, value in data.items() if isinstance(value, str)]
    for name in ("source", "to_name"):
        for item in results:
            if (named := str(item.get(name)).removeprefix("$")) in strings:
                return named
    strings = [name for name in strings if name not in _IDS] or strings
    if len(strings) == 1:
        return strings[0]
    values = [item["value"] for item in results if isinstance(item.get("value"), dict)]
    said = [value["text"] for value in values if isinstance(value.get("text"), str) and "labels" in value]
    holding = [name for name in strings if all(text in data[name] for text in said)]
    return holding[0] if said and len(holding) == 1 else ""


def _annotator(annotation: _Item, place: int) -> str:
    who = annotation.get("completed_by")
    if isinstance(who, dict):
        who = who.get("email") or who.get("id")
    return str(who or annotation.get("created_username") or f"annotation {annotation.get('id') or place}")


def _document(
    where: str,
    task: _Item,
    field: str,
    results: Sequence[_Item],
    said: Mapping[str, Any],
    ids: dict[str, int],
    labels: LabelMap,
    problems: Problems,
) -> Document | None:
    before = problems.count
    data, text = task["data"], task["data"][field]
    left_out: dict[str, int] = {}
    marks, ties = _marks(where, results, text, labels, left_out, problems)
    ways = (
        units(text, one, utf16=utf16)
        for one in (r"[\s\S]", *([CRLF_AS_ONE] if "\r\n" in text else []))
        for utf16 in (False, True)
    )
    names = [*((name, data.get(name)) for name in _IDS if name != field), ("", task.get("id"))]
    given = ((name, str(id)) for name, id in names if isinstance(id, str | int) and str(id))
    own = (item for item in given if ids.setdefault(item[1], hash(text)) == hash(text) or task.get("id") is None)
    used, id = next(own, ("", re.sub(r"\W+", "-", Path(where).name)))
    fields = {name: value for name, value in data.items() if name not in (field, used)}
    meta = {**plain(fields, left_out), **said, "left_out": left_out}
    document = build(id, text, recount(text, marks, ways), ties, labels, problems, where=where, meta=meta)
    return None if problems.count > before else document


def _with_left_out(document: Document, more: Mapping[str, int]) -> Document:
    if not more:
        return document
    left_out = Counter(document.meta.get("left_out", {})) + Counter(more)
    return replace(document, meta={**document.meta, "left_out": dict(left_out)})


def _marks(
    where: str,
    results: Sequence[_Item],
    article: str,
    labels: LabelMap,
    left_out: dict[str, int],
    problems: Problems,
) -> tuple[list[Mark], list[Tie]]:
    """The labelled regions of one annotation with their choices, and its relations."""
    regions: dict[str, list[Mark]] = {}
    choices: dict[str, dict[str, str]] = {}
    relations: list[tuple[str, _Item]] = []
    left: Counter[str] = Counter()
    for place, item in enumerate(results, start=1):
        at, kind, value = f"{where}, result {place}", item.get("type"), item.get("value")
        id = str(item.get("id") or at)
        left["notes on regions"] += bool(item.get("meta"))
        if kind == "relation":
            relations.append((at, item))
        elif not isinstance(kind, str) or not isinstance(value, dict):
            problems.add(at, "is no result: it lacks a type or a value", _AGAIN)
        elif kind == "choices":
            choices.setdefault(id, {}).update(_choice(item, value))
        elif kind.endswith("labels") and "start" in value:
            marks = _region(at, kind, value, article, problems)
            left["regions without a label"] += not marks
            regions.setdefault(id, []).extend(marks)
        else:
            left[f"results of type {kind}"[:80]] += 1

    meant = {id: _meant(marks, labels) for id, marks in regions.items()}
    for id, chosen in choices.items():
        for mark in meant.get(id, ()):
            regions[id][regions[id].index(mark)] = replace(mark, attributes=chosen)
        if not meant.get(id):
            left.update(f"choices {name} of no span"[:80] for name in chosen)
    ties: list[Tie] = []
    for at, item in relations:
        ends = [str(item.get(name)) for name in ("from_id", "to_id")]
        first, second = ([mark.key for mark in meant.get(end, ())] for end in ends)
        if any(regions.get(end) == [] for end in ends):
            left["relations of regions without a label"] += 1
        else:
            ties += [Tie(one, other, at) for one in first or ends[:1] for other in second or ends[1:]]
    left_out.update({what: number for what, number in left.items() if number})
    return [mark for marks in regions.values() for mark in marks], ties


def _choice(item: _Item, value: Mapping[str, Any]) -> dict[str, str]:
    """An attribute, by the name of its Choices tag in upper or lower case, and what was chosen."""
    name, chosen = str(item.get("from_name")), value.get("choices")
    name = next((known for known in ATTRIBUTES if known.lower() == name.lower()), name)
    return {name: ", ".join(map(str, chosen)) if isinstance(chosen, list) else str(chosen)}


def _region(where: str, kind: str, value: Mapping[str, Any], article: str, problems: Problems) -> list[Mark]:
    """A mark for each label of a region."""
    start, end, said, names = (value.get(name) for name in ("start", "end", "text", kind))
    if type(start) is not int or type(end) is not int:
        what = f"a region from {short(start)} to {short(end)}: these are no places in a text"
        problems.add(where, what, "show the articles by a Text tag; HTML and dialogues are not read")
        return []
    if not isinstance(names, list | None) or not all(isinstance(name, str) for name in names or ()):
        problems.add(where, f"labels are {short(names)}, not a list of strings", _AGAIN)
        return []
    if not isinstance(said, str):
        said = None
    elif "\\n" in said and said not in article:  # which may have such characters of its own
        said = said.replace("\\n", "\n")
    return [Mark(f"{where} {name}", name, start, end, where, said) for name in names or ()]


def _meant(marks: Sequence[Mark], labels: LabelMap) -> list[Mark]:
    """Of the labels that one region has, those that a choice or relation can mean, one a layer; else the first."""
    by_layer: dict[Layer, Mark] = {}
    for mark in marks:
        layer = layer_of_label(labels.get(mark.label, mark.label))
        if layer not in (None, "entity"):
            by_layer.setdefault(layer, mark)
    return list(by_layer.values()) or list(marks[:1])
