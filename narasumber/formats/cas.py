"""UIMA CAS in and out, as XMI with its `TypeSystem.xml` or as JSON 0.4, through dkpro-cassis.

Read is a file, a folder of them, or what INCEpTION exports (its user guide, "Project export"), zipped or not. Of a
project, the annotators' files are read (also as the archives that it puts them into), or the curated one of a document
that has one, and nothing else; their documents have one id, and say in `meta["annotator"]` whose they are.

Spans are `layers`, with the values of an array as one, commas between them; a link is a slot of a span, or a relation
with `Governor` and `Dependent`. Written are DKPro's `NamedEntity` with a `value`, and the layers
`webanno.custom.SOURCE`, `CUE` and `CONTENT`; a CUE has slots `Source` and `Content`, so that one without any of them is
no longer an attribution. A span with gaps is written as a whole.

UIMA counts UTF-16 units, cassis makes them code points. XML with a DOCTYPE is refused, for entities can grow without
bound and read other files; so are large files and archives that expand beyond measure. Nothing is unpacked to disk.
"""

from __future__ import annotations

import json
import keyword
import re
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import Any, Final, Literal

from narasumber.document import Document
from narasumber.errors import InputError
from narasumber.files import new_folder
from narasumber.formats.brat import is_file_name
from narasumber.formats.common import LabelMap, Problems, Tie, parse_json, short
from narasumber.formats.layers import CUSTOM, NAMED_ENTITY, TOOLS_OWN, Item, short_name, to_document
from narasumber.formats.projects import (
    CURATED,
    INITIAL,
    File,
    files_of,
    identity,
    is_of_several,
    members_of,
    of_annotators,
)
from narasumber.labels import ATTRIBUTES, layer_of_label
from narasumber.sentences import sentences
from narasumber.words import words

Ending = Literal[".xmi", ".json"]

TYPE_SYSTEM: Final = "TypeSystem.xml"

_ANNOTATION: Final = "uima.tcas.Annotation"
_SEGMENTATION: Final = "de.tudarmstadt.ukp.dkpro.core.api.segmentation.type."
_NO_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def sniff(path: Path, head: str, ending: Ending) -> str:
    if not is_of_several(path):
        is_it = _says_cas_json(head) if ending == ".json" else path.suffix == ".xmi" or "<xmi:XMI" in head
        return {".json": "it holds UIMA feature structures", ".xmi": "it is XMI"}[ending] if is_it else ""
    try:
        with ExitStack() as stack:
            found = bool(_wanted(_files(path, stack, Counter()), ending))
    except InputError:
        return ""
    kind = "folder" if path.is_dir() else "archive"
    return f"the {kind} holds UIMA {'feature structures as .json' if ending == '.json' else '.xmi'} files" * found


def read(path: Path, labels: LabelMap, ending: Ending) -> Iterator[Document]:
    """The documents of a file, folder or archive, by name. Raises InputError, with all problems, at the end."""
    problems = Problems()
    reader = _Reader(labels, problems, ending)
    with ExitStack() as stack:
        files = _files(path, stack, reader.expanded)
        wanted = _wanted(files, ending) if is_of_several(path) else files[:1]
        if not wanted:
            problems.add(str(path), f"no UIMA {ending} file in it", "name what INCEpTION exported")
        for file in wanted:
            yield from reader.documents(file, files)
    problems.raise_if_any()


def _files(path: Path, stack: ExitStack, expanded: Counter[str]) -> list[File]:
    """All files of a folder or archive, by name; a single file with its neighbour, the type system."""
    files = files_of(path, stack, expanded)
    if not is_of_several(path) and (system := path.with_name(TYPE_SYSTEM)).is_file():
        files += files_of(system, stack, expanded)
    return files


def _wanted(files: Sequence[File], ending: Ending) -> list[File]:
    """Those that hold a CAS."""

    def holds(file: File) -> bool:
        if file.name.suffix == ".zip":
            return ending == ".xmi" and bool(identity(file.name)[1])
        if file.name.suffix != ending:
            return False
        return ending == ".xmi" or _says_cas_json(file.read(1 << 16).decode("utf-8", "replace"))

    return of_annotators([file for file in files if holds(file)], lambda file: file.name)


def _says_cas_json(head: str) -> bool:
    return head.lstrip("\ufeff \t\r\n").startswith("{") and ('"%TYPES"' in head or '"%FEATURE_STRUCTURES"' in head)


class _Reader:
    """Documents out of files; type systems, which are the same in most of a project's archives, are parsed once."""

    def __init__(self, labels: LabelMap, problems: Problems, ending: Ending) -> None:
        self.labels = labels
        self.problems = problems
        self.ending = ending
        self.cassis = _cassis()
        self.systems: dict[bytes, Any] = {}
        self.expanded: Counter[str] = Counter()

    def documents(self, file: File, beside: Sequence[File]) -> Iterator[Document]:
        """The document of a file, or of the one in an archive; `beside` it is the type system."""
        try:
            content = file.read()
            if file.name.suffix != ".zip":
                document = self._document(file, content, beside)
                yield from [document] if document else []
                return
            with ExitStack() as stack:
                source = BytesIO(content)
                inside = members_of(source, len(content), file.where, file.name.parent, stack, self.expanded)
                wanted = [member for member in inside if member.name.suffix == self.ending]
                if not wanted:
                    self.problems.add(file.where, f"no {self.ending} file in it", "export it again, as UIMA CAS XMI")
                for member in wanted:
                    # The archive has the annotator's name; what is in it may have any.
                    named = File(file.name.with_suffix(self.ending), member.where, member.open)
                    document = self._document(named, named.read(), [*beside, *inside])
                    yield from [document] if document else []
        except InputError as error:
            self.problems.take(error)

    def _document(self, file: File, content: bytes, beside: Sequence[File]) -> Document | None:
        id, annotator = identity(file.name)
        left_out: Counter[str] = Counter()
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            cas = self._parse(file, content, beside)
        views = [view for view in (cas.get_view(sofa.sofaID) for sofa in cas.sofas) if view.sofa_string]
        if not views:
            raise InputError(file.where, "the article is empty", "take it out or put the text back")
        view = min(views, key=lambda view: view.get_sofa().sofaID != "_InitialView")
        left_out["views"] += len(views) - 1
        text = view.sofa_string
        if not isinstance(text, str):
            raise InputError(file.where, f"its text is {short(text)}", "export it again")
        units = len(text.encode("utf-16-le", "surrogatepass")) // 2
        before = self.problems.count
        items, ties = _annotations(view, file.where, self.problems, left_out)
        # cassis lets pass what is no offset of a character. Behind the text it is found when the span is made; but
        # half way through a character it would be taken for another offset.
        offsets = [re.search(r"external offset \[(\d+)\]", str(warning.message)) for warning in told]
        half = next((match[1] for match in offsets if match and int(match[1]) <= units), None)
        if half and self.problems.count == before:
            what = f"offset {half} is in the middle of a character"
            raise InputError(file.where, what, "offsets count UTF-16 units, of which 😀 has two")
        return to_document(
            id,
            text,
            items,
            ties,
            self.labels,
            self.problems,
            where=file.where,
            annotator=annotator,
            left_out=left_out,
        )

    def _parse(self, file: File, content: bytes, beside: Sequence[File]) -> Any:
        """The CAS. Raises InputError for what is none; cassis and lxml tell it by errors of all classes."""
        try:
            if self.ending == ".json":
                return self.cassis.load_cas_from_json(_json(content, file.where))
            _refuse_unsafe_xml(content, file.where)
            return self.cassis.load_cas_from_xmi(BytesIO(content), self._system(file, beside))
        except InputError:
            raise
        except Exception as error:
            raise _unreadable(file.where, "CAS", error) from None

    def _system(self, file: File, beside: Sequence[File]) -> Any:
        """The type system in the folder of the file, or above it."""
        found = {other.name.parent: other for other in beside if other.name.name == TYPE_SYSTEM}
        system = next((found[folder] for folder in file.name.parents if folder in found), None)
        if system is None:
            cure = f"put the {TYPE_SYSTEM} of the export beside it"
            raise InputError(file.where, f"its type system is missing: no {TYPE_SYSTEM} beside it", cure)
        content = system.read()
        if content not in self.systems:
            _refuse_unsafe_xml(content, system.where)
            try:
                found_types = self.cassis.load_typesystem(BytesIO(content))
            except Exception as error:  # see _parse
                raise _unreadable(system.where, "type system", error) from None
            _refuse_odd([feature.name for kind in found_types.get_types() for feature in kind.features], system.where)
            self.systems[content] = found_types
        return self.systems[content]


def _cassis() -> Any:
    try:
        import cassis
    except ImportError:
        cure = "install it: pip install 'narasumber[inception]'"
        raise InputError("dkpro-cassis", "reads and writes UIMA files, and is not installed", cure) from None
    return cassis


def _unreadable(where: str, kind: str, error: Exception) -> InputError:
    line = getattr(error, "lineno", None)
    told = f"it speaks of {short(error.args[0])}, which is not there" if isinstance(error, KeyError) else short(error)
    return InputError(f"{where}:{line}" if line else where, f"is no {kind} that can be read: {told}", "export it again")


def _refuse_unsafe_xml(content: bytes, where: str) -> None:
    """Raises InputError for XML with a DOCTYPE, and for encodings that could hide one."""
    encoding = re.match(rb"""(?:\xef\xbb\xbf)?<\?xml[^>]*encoding\s*=\s*["']([^"']*)""", content)
    try:
        text = content.decode()
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text or (encoding and encoding[1].lower() not in (b"utf-8", b"us-ascii", b"ascii")):
        raise InputError(where, "is not UTF-8", "export it again, or save it as UTF-8")
    if (place := text.find("<!DOCTYPE")) >= 0:
        what = "has a DOCTYPE, by which a file can grow without bound or read others"
        raise InputError(f"{where}:{text.count(chr(10), 0, place) + 1}", what, "take it out: UIMA files have none")
    ids = re.findall(r"\s[\w.-]+:id=\"(\d+)\"", text)
    _refuse_twice(ids, where)


def _refuse_twice(ids: Sequence[Any], where: str) -> None:
    twice = [id for id, count in Counter(ids).items() if count > 1]
    if twice:
        raise InputError(where, f"the id {short(twice[0])} is given twice", "export it again")


def _refuse_odd(features: Sequence[Any], where: str) -> None:
    """Raises InputError for names of features that are no names: cassis makes Python code of them, and runs it."""
    for name in features:
        if not isinstance(name, str) or not name.isidentifier() or keyword.iskeyword(name):
            what = f"a feature is called {short(name)}"
            raise InputError(where, what, "names are letters, digits and _, and no words of Python's")


def _json(content: bytes, where: str) -> str:
    """The text of a JSON file. Raises InputError for one that is no CAS with its types."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(where, f"byte {error.start} is not UTF-8", "save the file as UTF-8") from None
    value = parse_json(text, where)
    for key, form in (("%TYPES", dict), ("%FEATURE_STRUCTURES", (dict, list)), ("%VIEWS", dict)):
        if not isinstance(value, dict) or not isinstance(value.get(key), form):
            raise InputError(where, f"lacks {key}", "export it as UIMA CAS JSON, with its types")
    kinds = [kind for kind in value["%TYPES"].values() if isinstance(kind, dict)]
    _refuse_odd([name for kind in kinds for name in kind if not name.startswith("%")], where)
    given = value["%FEATURE_STRUCTURES"]
    structures = [item for item in (given if isinstance(given, list) else given.values()) if isinstance(item, dict)]
    _refuse_twice([item["%ID"] for item in structures if "%ID" in item], where)
    # An empty array may go without its elements, which cassis does itself when it writes, but cannot read.
    bare = [item for item in structures if "%ELEMENTS" not in item and _is_array(item.get("%TYPE"))]
    for item in bare:
        item["%ELEMENTS"] = []
    return json.dumps(value) if bare else text


def _is_array(type_name: object) -> bool:
    return isinstance(type_name, str) and type_name.endswith(("[]", "Array"))


def _annotations(view: Any, where: str, problems: Problems, left_out: Counter[str]) -> tuple[list[Item], list[Tie]]:
    """The annotations that cover text, and what links them."""
    items: list[Item] = []
    ties: list[Tie] = []
    for found in sorted(view.select(_ANNOTATION), key=lambda annotation: annotation.xmiID):
        layer, key = found.type.name, str(found.xmiID)
        place = f"{where}: {short_name(layer)} {key}"
        features = {feature.name: getattr(found, feature.name) for feature in found.type.all_features}
        for name in ("begin", "end"):
            if type(features[name]) is not int:
                problems.add(place, f"its {name} is {short(features[name])}", "offsets are whole numbers")
                break
        else:
            start, end = features["begin"], features["end"]
            values = {name: value for name, value in features.items() if name not in ("sofa", "begin", "end")}
            if "Governor" in values and "Dependent" in values:
                ties += _relation(values, place, problems)
            elif "next" in values:
                left_out[f"chains of the layer {short_name(layer)}"] += 1
            else:
                texts = {name: text for name, value in values.items() if (text := _text(value))}
                numbers = {name: str(value) for name, value in values.items() if isinstance(value, (int, float))}
                items.append(Item(key, layer, start, end, place, texts | numbers))
                # That a token has a lemma is no relation.
                for name, value in values.items() if not layer.startswith(TOOLS_OWN) else ():
                    ties += [Tie(key, str(other.xmiID), place, name) for other in _referred(value)]
    return items, ties


def _relation(values: dict[str, Any], place: str, problems: Problems) -> list[Tie]:
    ends = [values[name] for name in ("Governor", "Dependent")]
    if not all(hasattr(end, "xmiID") for end in ends):
        problems.add(place, "this relation has one end only", "take it out, or draw it again")
        return []
    return [Tie(str(ends[0].xmiID), str(ends[1].xmiID), place)]


def _text(value: Any) -> str:
    """A string, or the strings and numbers of an array; empty for what is neither."""
    items = value.elements if hasattr(value, "elements") else (value,) if isinstance(value, str) else ()
    return ", ".join(str(item) for item in items or () if isinstance(item, (str, int, float)))


def _referred(value: Any) -> list[Any]:
    """The annotations that a feature's value refers to: by itself, or by the links of a slot. Empty slots do not."""
    members = (getattr(value, "elements", None) or ()) if hasattr(value, "elements") else (value,)
    targets = [getattr(member, "target", member) for member in members]
    return [target for target in targets if hasattr(target, "begin")]


def write(documents: Iterable[Document], target: Path, ending: Ending) -> None:
    """`ID.xmi` and `TypeSystem.xml`, or `ID.json`; of a document with an annotator, the file of an INCEpTION project.

    The folder is there as a whole or not at all. Raises InputError where it holds something already, for ids that
    are no file names or given twice, and for a text that XML cannot hold.
    """
    cassis = _cassis()
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise InputError(str(target), "is there already, and not empty", "name a new folder")
    system = _type_system(cassis)
    with new_folder(target) as folder:
        for document in documents:
            file = folder / _file_name(document, ending)
            if file.exists():
                raise InputError(document.id, "two documents have this id", "rename one of them")
            if ending == ".xmi" and (match := _NO_XML.search(document.text)):
                what = f"character {match.start()} of the text is {match[0]!r}, which XML cannot hold"
                raise InputError(document.id, what, "take it out, or write cas-json")
            cas = _to_cas(cassis, system, document)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes((cas.to_xmi() if ending == ".xmi" else cas.to_json()).encode())
        if ending == ".xmi":
            (folder / TYPE_SYSTEM).write_bytes(system.to_xml().encode())


def kept(meta: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: meta[name] for name in ("annotator",) if name in meta}


def _file_name(document: Document, ending: Ending) -> str:
    annotator = document.meta.get("annotator")
    if not is_file_name(document.id) or not (annotator is None or is_file_name(str(annotator))):
        what = "this document's id, or its annotator, is no file name"
        raise InputError(repr(document.id), what, "use letters, digits, _-.")
    name = f"{document.id}{ending}" if annotator is None else f"annotation/{document.id}.txt/{annotator}{ending}"
    place = PurePosixPath(name)
    if identity(place) != (document.id, str(annotator or "")) or place.stem in (INITIAL, CURATED):
        what = "this document's id, or its annotator, would be read as what a project has beside it"
        raise InputError(repr(document.id), what, "rename it")
    return name


def _type_system(cassis: Any) -> Any:
    """The scheme as layers. The slot of a role is called as brat's relation, its link as INCEpTION would call it."""
    system = cassis.TypeSystem()
    for name in ("Token", "Sentence"):
        system.create_type(_SEGMENTATION + name, _ANNOTATION)
    system.create_feature(system.create_type(NAMED_ENTITY, _ANNOTATION), "value", "uima.cas.String")
    cue = system.create_type(f"{CUSTOM}CUE", _ANNOTATION)
    for label in ("SOURCE", "CONTENT"):
        span = system.create_type(CUSTOM + label, _ANNOTATION)
        for attribute, (layer, _) in ATTRIBUTES.items():
            if layer == layer_of_label(label):
                system.create_feature(span, attribute, "uima.cas.String")
        link = system.create_type(f"{CUSTOM}CUE{label.capitalize()}Link", "uima.cas.TOP")
        system.create_feature(link, "role", "uima.cas.String")
        system.create_feature(link, "target", span)
        system.create_feature(cue, label.capitalize(), "uima.cas.FSArray", elementType=link)
    return system


def _to_cas(cassis: Any, system: Any, document: Document) -> Any:
    cas = cassis.Cas(system)
    cas.sofa_string = document.text
    cas.sofa_mime = "text/plain"
    # INCEpTION anchors annotations to tokens.
    for name, bounds in (("Sentence", sentences(document.text)), ("Token", words(document.text))):
        segment = system.get_type(_SEGMENTATION + name)
        for start, end in bounds:
            cas.add(segment(begin=start, end=end))
    made = {}
    for span in document.spans:
        if span.layer == "entity":
            made[span] = system.get_type(NAMED_ENTITY)(begin=span.start, end=span.end, value=span.label)
        else:
            made[span] = system.get_type(CUSTOM + span.label)(begin=span.start, end=span.end, **dict(span.attributes))
        cas.add(made[span])
    for attribution in document.attributions:
        for role, spans in (("Source", attribution.sources), ("Content", attribution.contents)):
            link = system.get_type(f"{CUSTOM}CUE{role}Link")
            if links := [link(role=role, target=made[span]) for span in spans]:
                setattr(made[attribution.cue], role, system.get_type("uima.cas.FSArray")(elements=links))
    return cas
