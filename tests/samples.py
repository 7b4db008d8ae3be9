"""Small valid files of every format that can be read: some that the project writes, some as other tools write them."""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from narasumber import formats
from narasumber.document import Attribution, Document, Span
from narasumber.labels import LAYERS
from narasumber.scope import Scope

LABELS: Final = {"Orang": "PER", "Lain": ""}
"""What the labels of the files that are not of the scheme are mapped to."""


def read_brat(path: Path) -> Document:
    (document,) = formats.read(path, "brat")
    return document


@dataclass(frozen=True)
class Input:
    """Files by their names in a folder, and the one of them, or the folder in it, that is to be read."""

    source: str
    files: dict[str, bytes]


def documents() -> list[Document]:
    text = '😀 "Kami siap," kata Ani Wati, ketua Bank Solo.\r\nMenurut dia, "harga naik 5%".\n'

    def span(layer: Any, label: str, words: str, **attributes: str) -> Span:
        start = text.index(words)
        return Span(layer, label, start, start + len(words), tuple(attributes.items()))

    source = span("source", "SOURCE", "Ani Wati, ketua Bank Solo", Kind="Person")
    cue, other, pronoun = span("cue", "CUE", "kata"), span("cue", "CUE", "Menurut"), span("source", "SOURCE", "dia")
    content = span("content", "CONTENT", '"Kami siap,"', Form="Direct")
    parts = (2, 6), (8, 12)
    inner = Span("content", "CONTENT", 2, 12, (), parts)
    entities = [span("entity", label, words) for label, words in (("PER", "Ani Wati"), ("ORG", "Bank Solo"))]
    spans = (source, cue, other, pronoun, content, inner, *entities, span("entity", "GPE", "Solo"))
    said = (Attribution(cue, (source,), (content, inner)), Attribution(other, (pronoun,)))
    meta = {
        "title": "Harga naik",
        "sections": [["lead", 0, 3]],
        "n": 1.5,
        "annotator": "ani",
        "unknown": [["cue", 0, 4]],
    }
    kept = [{"kind": "N", "head": ["Reference", "ORG 38 47", "Wiki:1"], "tail": "Bank"}]
    return [
        Document("a", text, spans, said, meta),
        Document("b/c", "Budi diam.", (Span("entity", "PER", 0, 4),), meta={"brat": kept, "left_out": {"x": 1}}),
        Document("d", "Tidak ada.", scope=Scope(())),
    ]


BRAT: Final = {
    "x/a.txt": "Ani dan Budi berkata\r\nkami siap di Solo.\n",
    "x/a.ann": "T1\tOrang 0 3\tAni\nT2\tSOURCE 0 3;8 12\tAni Budi\nT3\tCUE 13 20\tberkata\nT4\tCONTENT 22 31\tkami siap\n"  # noqa: E501
    "T5\tLain 35 39\tSolo\nA1\tKind T2 Person\nM2\tForm T4 Direct\nR1\tSource Arg1:T3 Arg2:T2\nE1\tCUE:T3 Content:T4\n"
    "R2\tNear Arg1:T1 Arg2:T5\nN1\tReference T1 Wiki:7\tAni\n#1\tAnnotatorNotes T1\tcatatan\n*\tEquiv T1 T5\n",
    "x/b/c.txt": "\ufeffSolo ramai.",
    "x/b/c.ann": "T1\tGPE 0 4\tSolo\r\nE1\tRamai:T1\r\n",
    "x/annotation.conf": "[entities]\n!Nama\n  Orang\n  Lain\nGPE\n[relations]\nNear Arg1:Orang, Arg2:Lain\n[attributes]\n",  # noqa: E501
}  # fmt: skip

NAMED: Final = "de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity"
TSV: Final = f"""#FORMAT=WebAnno TSV 3.3
#T_SP={NAMED}|identifier|value
#T_SP=webanno.custom.Cue|ROLE_webanno.custom.Cue:Roles_webanno.custom.CueRolesLink|uima.tcas.Annotation
#T_SP=webanno.custom.CONTENT|Form
#T_SP=webanno.custom.Source|Kind
#T_CH=custom.Coref|referenceType|referenceRelation
#T_RL=custom.Relation|label|BT_webanno.custom.Source


#Text=😀 Kami siap, kata Ani Wati.
1-1\t0-2\t😀\t_\t_\t_\t_\t_\t_\t_\t_\t_\t_\t
1-2\t3-7\tKami\t_\t_\t_\t_\tDirect[4]\t_\t_\t_\t_\t_\t
1-2.1\t3-5\tKa\t_\tOrang\t_\t_\t_\t_\t_\t_\t_\t_\t
1-3\t14-18\tkata\t_\t_\tsaid;by;*\t1-2[4];1-4[3];*\t_\t_\t_\t_\t_\t_\t
1-4\t19-22\tAni\t*[1]|*[2]\tPER[1]|ORG[2]\t_\t_\t_\tPerson[3]\tpr[1]\tcoref->1-1\t_\t_\t
1-5\t23-27\tWati\t*[1]\tPER[1]\t_\t_\t_\tPerson[3]\t_\t_\t*\t1-4[3_0]\t

#Sentence.id=s2
#Text=Budi
#Text=setuju\\\\tahu.
2-1\t32-36\tBudi\t_\tPER\t_\t_\t_\t_\t_\t_\t_\t_\t
2-2\t37-43\tsetuju\thttp://x/Q\\_1\tGPE\t_\t_\t_\t_\t_\t_\t_\t_\t
"""
OLD_TSV: Final = (
    "#FORMAT=WebAnno TSV 3.1\n#T_SP=custom.Span|label\n\n\n#Text=Ani \\uD83D\\uDE00 di Solo\n1-1\t0-3\tAni\tPER\n"
)

TASK: Final = """{"id": 7, "data": {"id": "a", "text": "Ani kata", "outlet": "x.id"},
 "annotations": [{"id": 4, "completed_by": {"email": "ani@x.id"}, "was_cancelled": false, "result": [
 {"id": "u", "from_name": "label", "to_name": "text", "type": "labels", "meta": {"text": ["?"]},
  "value": {"start": 0, "end": 3, "text": "Ani", "labels": ["SOURCE", "Orang"]}},
 {"id": "u", "from_name": "kind", "to_name": "text", "type": "choices",
  "value": {"start": 0, "end": 3, "text": "Ani", "choices": ["Person"]}},
 {"id": "v", "from_name": "label", "to_name": "text", "type": "labels",
  "value": {"start": 4, "end": 8, "text": "kata", "labels": ["CUE"]}},
 {"type": "relation", "from_id": "v", "to_id": "u", "direction": "right", "labels": ["Source"]}]},
 {"id": 5, "completed_by": 3, "was_cancelled": true, "result": []}], "predictions": []}"""
LABEL_STUDIO: Final = (
    f"[{TASK}]",
    json.dumps({"id": 8, "task": json.loads(TASK), "completed_by": 1, "result": []}) + "\n" + TASK.replace("\n", ""),
    '[{"id": 7, "text": "Ani kata", "label": [{"start": 0, "end": 3, "text": "Ani", "labels": ["PER"]}, {"start": 4,'
    ' "end": 8, "text": "kata", "choices": ["x"]}], "annotator": 3, "annotation_id": 1, "created_at": "2024", "n": 2}]',
    TASK.replace("annotations", "completions").replace('"id": "a", ', ""),
)

DOCCANO: Final = (
    '{"id": 7, "text": "Ani di Solo", "label": [[0, 3, "Orang"], [7, 11, "GPE"]], "Comments": ["?"]}\n'
    '{"id": 8, "data": "Ani\\r\\n\U0001f1ee\U0001f1e9", "labels": [[5, 7, "GPE"]], "cats": ["x"], "username": "ani"}\n',
    '{"id": 7, "text": "Ani di Solo", "meta": {"n": 1}, "annotation_approver": null, "annotations": ['
    '{"id": 1, "label": "PER", "start_offset": 0, "end_offset": 3, "user": 1},'
    '{"id": 2, "label": "GPE", "start_offset": 7, "end_offset": 11, "user": 2}]}\n',
    '[{"doc_id": 7,\n "text": "Ani kata", "entities": [{"id": 1, "label": "SOURCE", "start_offset": 0, "end_offset": 3},'  # noqa: E501
    '{"id": 2, "label": "CUE", "start_offset": 4, "end_offset": 8}], "relations": [{"id": 1, "from_id": 2, "to_id": 1}]}]',  # noqa: E501
)  # fmt: skip

PRODIGY: Final = (
    '{"text": "Ani kata", "answer": "accept", "_input_hash": 5, "_task_hash": 6, "_session_id": "x-ani", "tokens":'
    ' [{"text": "Ani", "start": 0, "end": 3, "id": 0}, {"text": "kata", "start": 4, "end": 8, "id": 1}], "spans": '
    '[{"start": 0, "end": 3, "label": "SOURCE"}, {"start": 4, "end": 8, "label": "CUE"}], "relations": [{"head": 1,'
    ' "child": 0, "label": "x"}]}\n{"text": "Budi", "answer": "reject", "spans": []}\n'
    '{"text": "Solo", "label": "GPE", "spans": [{"start": 0, "end": 4}], "meta": {"id": 3, "n": 1}, "accept": ["GPE"]}\n',  # noqa: E501
)  # fmt: skip

SPACY: Final = (
    '[{"id": 42, "cats": [], "paragraphs": [{"raw": "\\"Ani\\" di Solo.", "cats": [{}], "sentences": [{"brackets": [],'
    ' "tokens": [{"id": 0, "orth": "``", "ner": "O"}, {"orth": "Ani", "ner": "U-PER", "tag": "N"}, {"orth": "\'\'"},'
    ' {"orth": "di", "ner": "-"}, {"orth": "Solo", "ner": "B-GPE"}, {"orth": ".", "ner": "L-GPE"}]}]},'
    ' {"sentences": [{"tokens": [{"orth": "Budi", "space": ""}, {"orth": "."}]}], "entities": [[0, 4, "Orang"]]}]}]',
    '[["Ani di Solo.", {"entities": [[0, 3, "PER"], [7, 11, "Lain"]], "spans": {"sc": [[0, 3, "PER"]]}}], null]',
    '{"classes": ["PER"], "annotations": [["Ani di Solo.", {"entities": [[0, 3, "PER"]]}]]}',
)

WEB: Final = (
    '{"@context": "http://www.w3.org/ns/anno.jsonld", "id": "x", "type": "Annotation", "motivation": "tagging", "body":'
    ' [{"type": "TextualBody", "value": "PER"}, "Kind=Person"], "target": {"source": "b.txt", "selector": '
    '{"type": "TextQuoteSelector", "exact": "Ani", "prefix": "", "suffix": " di"}}}\n'
    '{"id": "y", "type": "Annotation", "target": {"source": {"value": "Ani di Solo", "label": "J"}, "selector":'
    ' [{"type": ["TextPositionSelector"], "start": 7, "end": 11}]}, "bodyValue": "GPE", "motivation": ["tagging"]}\n',
    '{"@context": "http://www.w3.org/ns/anno.jsonld", "type": "AnnotationCollection", "first": {"items": ['
    '{"id": "1", "type": "Annotation", "motivation": "tagging", "body": "CUE", "target": {"source": "b.txt", "selector":'  # noqa: E501
    ' {"type": "TextPositionSelector", "start": 0, "end": 3}}}, {"id": "2", "type": "Annotation", "motivation":'
    ' "classifying", "body": "SOURCE", "target": [{"source": "b.txt", "selector": {"type": "TextPositionSelector",'
    ' "start": 4, "end": 6}}]}, {"id": "3", "motivation": "linking", "target": ["1", "2"]}]}}',
)

CONLL: Final = (
    "-DOCSTART- -X- O O\n\nAni NNP B-NP I-PER\ndi IN O O\nSolo NNP B-NP I-PER\n\nBudi NNP B-NP I-PER\nX Y B-NP B-PER\n",
    "# newdoc id = a\n# text = Ani di  Solo.\n1\tAni\tB-PER\n2\tdi\tO\n3\tSolo\tE-PER\n4\t.\tS-GPE\n\n# newdoc\n1\tx\tO\n",  # noqa: E501
    "\ufeff# columns = word entity source\n# scope = "
    '{"entity": {"groups": [["PER"], ["LOC", "GPE"]], "closed": true}, "source": {"groups": [["SOURCE"]], "closed": false}}'  # noqa: E501
    '\n# unknown = [["entity", 0, 3]]\nAni\tO\tB-SOURCE\nBudi\tU-PER\tL-SOURCE\n\n# id = x\nSolo\tB-LOC\tO\n',
    'Rp B-MON\n50 I-MON\n, O\n" O\nKami Lain siap O\n" O\nkata B-Orang\n\n',
)  # fmt: skip

SAID: Final = "Pemerintah akan menaikkan pajak mulai tahun depan, kata Menteri Keuangan di Jakarta, Senin (4/9)."
HTML: Final = (
    f"""<!DOCTYPE html><!-- disimpan -->
<html lang="id"><head><meta charset="utf-8"><title>Pajak Naik - Kabar</title>
<meta property="og:site_name" content="Kabar"><meta property="article:published_time" content="2023-09-04T10:00:00">
<link rel="canonical" href="https://www.kabar.co.id/pajak"></head><body><nav><ul><li><a href="/">Beranda</a></ul></nav>
<article><h1>Pajak Naik</h1><p>{SAID}</p><table><tr><td>{SAID}</td></tr></table><p>“Kami siap,” katanya&hellip;</p>
</article><script type="application/ld+json">{{"@type": "NewsArticle", "author": {{"name": "Ani"}}}}</script></body></html>""",  # noqa: E501
    f"""<?xml version="1.0" encoding="iso-8859-1"?>
<!-- satu --><!-- dua --><html><head><meta name="date" content="Senin pahing 4 2023"></head><body><div><p>{SAID}</p><p>{SAID}<br/>Kafe<p></div></body></html>""",  # noqa: E501
)  # fmt: skip

XMI: Final = """<?xml version="1.1" encoding="UTF-8"?>
<xmi:XMI xmlns:xmi="http://www.omg.org/XMI" xmlns:cas="http:///uima/cas.ecore" xmlns:custom="http:///custom.ecore"
 xmi:version="2.0"><cas:NULL xmi:id="0"/>
<custom:Span xmi:id="31" sofa="1" begin="0" end="2" label="GPE"/>
<custom:Span xmi:id="32" sofa="1" begin="3" end="6" label="SOURCE"/>
<custom:Span xmi:id="33" sofa="1" begin="7" end="11" label="CUE"/>
<custom:Relation xmi:id="34" sofa="1" begin="3" end="6" Governor="33" Dependent="32" label="x"/>
<custom:Coref xmi:id="38" sofa="1" begin="3" end="6"/>
<cas:Sofa xmi:id="1" sofaNum="1" sofaID="_InitialView" mimeType="text" sofaString="😀 Ani kata&#10;"/>
<cas:View sofa="1" members="31 32 33 34 38"/></xmi:XMI>"""
FEATURES: Final = {"Span": {"label": "uima.cas.String"}, "Coref": {"next": "custom.Coref"}} | {
    "Relation": {"Governor": "custom.Span", "Dependent": "custom.Span", "label": "uima.cas.String"}
}
TYPES: Final = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<typeSystemDescription xmlns="http://uima.apache.org/resourceSpecifier"><types>'
    + "".join(
        f"<typeDescription><name>custom.{name}</name><supertypeName>uima.tcas.Annotation</supertypeName><features>"
        + "".join(
            f"<featureDescription><name>{feature}</name><rangeTypeName>{of}</rangeTypeName></featureDescription>"
            for feature, of in features.items()
        )
        + "</features></typeDescription>"
        for name, features in FEATURES.items()
    )
    + "</types></typeSystemDescription>"
)

ENDINGS: Final = {
    "json": ".jsonl", "uima-xmi": ".xmi", "cas-json": ".json", "webanno-tsv": ".tsv", "labelstudio": ".json",
    "doccano": ".jsonl", "prodigy": ".jsonl", "spacy-json": ".json", "docbin": ".spacy", "web-annotation": ".json",
    "conll": ".conll", "html": ".html", "text": ".txt",
}  # fmt: skip
TEXTS: Final = {
    "webanno-tsv": (TSV, OLD_TSV), "labelstudio": LABEL_STUDIO, "doccano": DOCCANO, "prodigy": PRODIGY,
    "spacy-json": SPACY, "web-annotation": WEB, "conll": CONLL, "html": HTML, "text": ("Judul\r\n\nAni di Solo 😀.",),
}  # fmt: skip


def inputs(format: str) -> list[Input]:
    """Inputs of a format, each of them valid, read with `LABELS`."""
    found = [_of_text(f"x{ENDINGS[format]}", text) for text in TEXTS.get(format, ())]
    if formats.FORMATS[format].writes:
        found.append(_written(format))
    if format == "brat":
        files = {name: text.encode() for name, text in BRAT.items()}
        found += [Input("x", files), Input("x/a.ann", files)]
    if format in ("uima-xmi", "cas-json"):
        found += _of_inception(format)
    if format in ("doccano", "html", "text", "webanno-tsv"):
        files = {f"x/{place}{name}": content for place, one in enumerate(found) for name, content in one.files.items()}
        found.append(Input("x", files))
    if format == "doccano":
        found.append(Input("x.zip", {"x.zip": zipped({"ani.jsonl": DOCCANO[0].encode(), "all.jsonl": b""})}))
    return found


def _of_text(name: str, text: str) -> Input:
    beside = {"b.txt": b"Ani di Solo"} if "b.txt" in text else {}
    return Input(name, {name: text.encode(), **beside})


def _written(format: str) -> Input:
    name = f"x{ENDINGS[format]}" if formats.FORMATS[format].is_text or format == "docbin" else "x"
    with tempfile.TemporaryDirectory() as folder:
        formats.write(documents(), Path(folder) / name, format)
        found = sorted(path for path in Path(folder).rglob("*") if path.is_file())
        return Input(name, {path.relative_to(folder).as_posix(): path.read_bytes() for path in found})


def _of_inception(format: str) -> list[Input]:
    """One file of an annotator, and a project in a zip, with annotators' files in zips in it."""
    if format == "uima-xmi":
        alone = {"x.xmi": XMI.encode(), "TypeSystem.xml": TYPES.encode()}
        inner = zipped({"ani.xmi": XMI.encode(), "TypeSystem.xml": TYPES.encode()})
        project = {"annotation/a.txt/ani.zip": inner, "annotation/a.txt/INITIAL_CAS.zip": inner}
        return [Input("x.xmi", alone), Input("x.zip", {"x.zip": zipped(project)})]
    import cassis

    system = cassis.load_typesystem(io.BytesIO(TYPES.encode()))
    content = cassis.load_cas_from_xmi(io.BytesIO(XMI.encode()), system).to_json().encode()
    project = {"curation/a.txt/CURATION_USER.json": content, "exportedproject.json": b"{}"}
    return [Input("x.json", {"x.json": content}), Input("x.zip", {"x.zip": zipped(project)})]


def zipped(files: dict[str, bytes], kind: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content, kind)  # a name alone would be given the time
    return target.getvalue()


def spans_in(text: str, **parts: str) -> list[Span]:
    """The first `cue`, `content` or `source` of some words; a digit behind the layer makes room for a second."""
    found = [
        Span(layer, layer.upper(), text.index(part), text.index(part) + len(part))
        for name, part in parts.items()
        for layer in LAYERS
        if layer == name.rstrip("12")
    ]
    return sorted(found, key=lambda span: span.sort_key)
