"""UIMA files: what is written reads the same, INCEpTION's exports say what people marked, nothing bad gets through."""

from __future__ import annotations

import io
import json
import re
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from narasumber.document import Attribution, Document, Span
from narasumber.errors import InputError
from narasumber.formats import detect, losses, projects, read, write
from narasumber.scope import WHOLE, Scope
from tests.strategies import documents

BOTH = pytest.mark.parametrize("format", ["uima-xmi", "cas-json"])

# As INCEpTION writes it: XML 1.1, DKPro's types, the project's own layers in one namespace, links as objects.
CORE = "de.tudarmstadt.ukp.dkpro.core.api."
LAYERS_OF_PROJECT = {
    f"{CORE}segmentation.type.Token": ("uima.tcas.Annotation", {"pos": f"{CORE}lexmorph.type.pos.POS"}),
    f"{CORE}segmentation.type.Sentence": ("uima.tcas.Annotation", {}),
    f"{CORE}lexmorph.type.pos.POS": ("uima.tcas.Annotation", {"PosValue": "uima.cas.String"}),
    f"{CORE}ner.type.NamedEntity": (
        "uima.tcas.Annotation",
        {"identifier": "uima.cas.String", "value": "uima.cas.String"},
    ),
    "webanno.custom.Source": ("uima.tcas.Annotation", {"Kind": "uima.cas.String", "sure": "uima.cas.Boolean"}),
    "webanno.custom.CONTENT": ("uima.tcas.Annotation", {"Form": "uima.cas.String"}),
    "webanno.custom.CueRolesLink": ("uima.cas.TOP", {"role": "uima.cas.String", "target": "uima.tcas.Annotation"}),
    "webanno.custom.Cue": ("uima.tcas.Annotation", {"Roles": "uima.cas.FSArray"}),
    "custom.Span": ("uima.tcas.Annotation", {"label": "uima.cas.String"}),
    "custom.Many": ("uima.tcas.Annotation", {"label": "uima.cas.StringArray", "tags": "uima.cas.StringArray"}),
    "custom.Relation": (
        "uima.tcas.Annotation",
        {"Governor": "custom.Span", "Dependent": "custom.Span", "label": "uima.cas.String"},
    ),
    "webanno.custom.CorefLink": ("uima.tcas.Annotation", {"next": "webanno.custom.CorefLink"}),
}
TYPES = '<?xml version="1.0" encoding="UTF-8"?>\n<typeSystemDescription xmlns="http://uima.apache.org/resourceSpecifier"><types>'
for _name, (_parent, _features) in LAYERS_OF_PROJECT.items():
    TYPES += f"<typeDescription><name>{_name}</name><supertypeName>{_parent}</supertypeName><features>"
    for _feature, _range in _features.items():
        TYPES += (
            f"<featureDescription><name>{_feature}</name><rangeTypeName>{_range}</rangeTypeName></featureDescription>"
        )
    TYPES += "</features></typeDescription>"
TYPES += "</types></typeSystemDescription>"

TEXT = '😀 "Kami siap," kata Ani di Solo.'
BODY = """
<type5:Token xmi:id="20" sofa="1" begin="21" end="24" pos="22"/>
<type5:Sentence xmi:id="21" sofa="1" begin="0" end="33"/>
<pos:POS xmi:id="22" sofa="1" begin="21" end="24" PosValue="NOUN"/>
<type4:NamedEntity xmi:id="30" sofa="1" begin="21" end="24" identifier="http://www.wikidata.org/entity/Q1" value="PER"/>
<custom2:Span xmi:id="31" sofa="1" begin="28" end="32" label="GPE"/>
<custom:Source xmi:id="32" sofa="1" begin="21" end="24" Kind="Person" sure="true"/>
<custom:CONTENT xmi:id="33" sofa="1" begin="3" end="15" Form="Direct"/>
<custom:CueRolesLink xmi:id="34" role="speaker" target="32"/>
<custom:CueRolesLink xmi:id="35" role="said" target="33"/>
<custom:CueRolesLink xmi:id="36" role="to"/>
<custom:Cue xmi:id="37" sofa="1" begin="16" end="20" Roles="34 35 36"/>
<custom:CorefLink xmi:id="38" sofa="1" begin="21" end="24"/>
"""
MEMBERS = "20 21 22 30 31 32 33 37 38"


def xmi(body: str = BODY, text: str = TEXT, members: str = MEMBERS, more: str = "") -> str:
    escaped = text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;").replace("\n", "&#10;")
    return f"""<?xml version="1.1" encoding="UTF-8"?>
<xmi:XMI xmlns:xmi="http://www.omg.org/XMI" xmlns:cas="http:///uima/cas.ecore" xmlns:custom="http:///webanno/custom.ecore"
 xmlns:custom2="http:///custom.ecore" xmlns:type4="http:///de/tudarmstadt/ukp/dkpro/core/api/ner/type.ecore"
 xmlns:type5="http:///de/tudarmstadt/ukp/dkpro/core/api/segmentation/type.ecore"
 xmlns:pos="http:///de/tudarmstadt/ukp/dkpro/core/api/lexmorph/type/pos.ecore" xmi:version="2.0">
<cas:NULL xmi:id="0"/>{body}{more}
<cas:Sofa xmi:id="1" sofaNum="1" sofaID="_InitialView" mimeType="text" sofaString="{escaped}"/>
<cas:View sofa="1" members="{members}"/></xmi:XMI>"""


SOURCE = Span("source", "SOURCE", 20, 23, (("Kind", "Person"),))
CONTENT = Span("content", "CONTENT", 2, 14, (("Form", "Direct"),))
CUE = Span("cue", "CUE", 15, 19)
SAID = (
    {CONTENT, CUE, SOURCE, Span("entity", "PER", 20, 23), Span("entity", "GPE", 27, 31)},
    (Attribution(CUE, (SOURCE,), (CONTENT,)),),
)


def cas_json(structures: list[dict[str, object]], members: list[int], text: str = TEXT) -> str:
    types = {
        name: {
            "%NAME": name,
            "%SUPER_TYPE": parent,
            **{
                feature: {
                    "%NAME": feature,
                    "%RANGE": of if of != "uima.cas.FSArray" else "webanno.custom.CueRolesLink[]",
                }
                for feature, of in features.items()
            },
        }
        for name, (parent, features) in LAYERS_OF_PROJECT.items()
    }
    sofa = {"%ID": 1, "%TYPE": "uima.cas.Sofa", "sofaNum": 1, "sofaID": "_InitialView", "mimeType": "text"}
    return json.dumps(
        {
            "%TYPES": types,
            "%FEATURE_STRUCTURES": [{**sofa, "sofaString": text}, *structures],
            "%VIEWS": {"_InitialView": {"%SOFA": 1, "%MEMBERS": members}},
        },
        indent=1,
    )


def annotation(id: int, type: str, begin: object, end: object, **features: object) -> dict[str, object]:
    return {"%ID": id, "%TYPE": type, "@sofa": 1, "begin": begin, "end": end, **features}


STRUCTURES = [
    annotation(22, f"{CORE}lexmorph.type.pos.POS", 21, 24, PosValue="NOUN"),
    annotation(30, f"{CORE}ner.type.NamedEntity", 21, 24, identifier="http://x/Q1", value="PER"),
    annotation(31, "custom.Span", 28, 32, label="GPE"),
    annotation(32, "webanno.custom.Source", 21, 24, Kind="Person"),
    annotation(33, "webanno.custom.CONTENT", 3, 15, Form="Direct"),
    {"%ID": 34, "%TYPE": "webanno.custom.CueRolesLink", "role": "speaker", "@target": 32},
    {"%ID": 35, "%TYPE": "webanno.custom.CueRolesLink", "role": "said", "@target": 33},
    {"%ID": 36, "%TYPE": "webanno.custom.CueRolesLink[]", "%ELEMENTS": [34, 35]},
    annotation(37, "webanno.custom.Cue", 16, 20, **{"@Roles": 36}),
    # Java leaves the elements of an empty array out.
    {"%ID": 39, "%TYPE": "webanno.custom.CueRolesLink[]"},
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "TypeSystem.xml").write_text(TYPES)
    return tmp_path


def only(path: Path, labels: Mapping[str, str] | None = None, format: str = "auto") -> Document:
    (document,) = read(path, format, labels)
    return document


def told(path: Path, format: str = "auto") -> str:
    with pytest.raises(InputError) as caught:
        list(read(path, format))
    return str(caught.value).replace(f"{path.parent}/", "")


def test_an_export_of_inception_as_xmi(folder: Path) -> None:
    (folder / "a.xmi").write_text(xmi())
    document = only(folder / "a.xmi")
    assert document.id == "a" and document.text == TEXT
    assert (set(document.spans), document.attributions) == SAID
    assert document.meta == {
        "left_out": {
            "annotations of the layer POS": 1,
            "feature identifier of the layer NamedEntity": 1,
            "feature sure of the layer Source": 1,
            "chains of the layer CorefLink": 1,
        }
    }
    assert detect(folder)[0].name == detect(folder / "a.xmi")[0].name == "uima-xmi"
    assert list(read(folder)) == [document]


def test_an_export_of_inception_as_json(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(cas_json(STRUCTURES, [22, 30, 31, 32, 33, 37]))
    (tmp_path / "settings.json").write_text('{"name": "no CAS"}')
    document = only(tmp_path)
    assert (set(document.spans), document.attributions) == SAID
    left_out = document.meta["left_out"]
    assert list(left_out) == ["annotations of the layer POS", "feature identifier of the layer NamedEntity"]
    assert detect(tmp_path)[0].name == detect(tmp_path / "a.json")[0].name == "cas-json"


def test_a_relation_links_whichever_end_it_begins_at(folder: Path) -> None:
    spans = '<custom2:Span xmi:id="5" sofa="1" begin="16" end="20" label="CUE"/>'
    spans += '<custom2:Span xmi:id="6" sofa="1" begin="21" end="24" label="SOURCE"/>'
    for ends in ('Governor="5" Dependent="6"', 'Governor="6" Dependent="5"'):
        relation = f'<custom2:Relation xmi:id="7" sofa="1" begin="21" end="24" {ends}/>'
        (folder / "a.xmi").write_text(xmi(spans + relation, members="5 6 7"))
        source = Span("source", "SOURCE", 20, 23)
        assert only(folder / "a.xmi").attributions == (Attribution(CUE, (source,)),)
    (folder / "a.xmi").write_text(xmi(spans + '<custom2:Relation xmi:id="7" sofa="1" Governor="5"/>', members="5 6 7"))
    assert told(folder / "a.xmi").startswith("a.xmi: Relation 7: this relation has one end only")


def test_labels_are_mapped_and_layers_too(folder: Path) -> None:
    body = """<custom2:Span xmi:id="5" sofa="1" begin="21" end="24" label="Orang"/>
    <custom2:Span xmi:id="6" sofa="1" begin="28" end="32" label="lain"/>
    <pos:POS xmi:id="7" sofa="1" begin="16" end="20" PosValue="VERB"/>"""
    (folder / "a.xmi").write_text(xmi(body, members="5 6 7"))
    assert "a.xmi: Span 5: unknown label 'Orang'\n    map it with --label Orang=LABEL" in told(folder / "a.xmi")
    document = only(folder / "a.xmi", {"Orang": "PER", "Span": "", "POS": "CUE"})
    assert document.spans == (CUE, Span("entity", "PER", 20, 23))
    assert document.meta["left_out"]["spans labelled Span"] == 1


def test_an_unknown_label_is_that_of_the_feature_that_has_labels(folder: Path) -> None:
    body = '<type4:NamedEntity xmi:id="5" sofa="1" begin="21" end="24" identifier="http://x/Q1" value="Orang"/>'
    (folder / "a.xmi").write_text(xmi(body, members="5"))
    assert "a.xmi: NamedEntity 5: unknown label 'Orang'" in told(folder / "a.xmi")


def test_the_values_of_an_array(folder: Path) -> None:
    body = """<custom2:Many xmi:id="5" sofa="1" begin="21" end="24"><label>PER</label><tags>a</tags><tags>b</tags>
    </custom2:Many><custom2:Many xmi:id="6" sofa="1" begin="28" end="32"><label>GPE</label><label>LOC</label>
    </custom2:Many>"""
    (folder / "a.xmi").write_text(xmi(body, members="5 6"))
    assert "a.xmi: Many 6: unknown label 'GPE, LOC'" in told(folder / "a.xmi")
    document = only(folder / "a.xmi", {"GPE, LOC": "GPE"})
    assert document.spans == (Span("entity", "PER", 20, 23), Span("entity", "GPE", 27, 31))
    assert document.meta["left_out"] == {"feature tags of the layer Many": 1}


def test_what_covers_no_text_is_left_out(folder: Path) -> None:
    body = SPAN.format(21, 21) + SPAN.format(28, 32).replace('"5"', '"6"')
    (folder / "a.xmi").write_text(xmi(body, members="5 6"))
    document = only(folder / "a.xmi")
    assert document.spans == (Span("entity", "GPE", 27, 31),)
    assert document.meta["left_out"] == {"annotations of no width": 1}


def test_of_several_views_the_first_is_read(folder: Path) -> None:
    more = '<cas:Sofa xmi:id="9" sofaNum="2" sofaID="English" mimeType="text" sofaString="We are ready"/>'
    (folder / "a.xmi").write_text(xmi(more=more))
    assert only(folder / "a.xmi").text == TEXT
    assert only(folder / "a.xmi").meta["left_out"]["views"] == 1


def archive(files: Mapping[str, str | bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", compression) as made:
        for name, content in files.items():
            made.writestr(name, content)
    return target.getvalue()


def exported(name: str, body: str = "", members: str = "") -> bytes:
    return archive({f"{name}.xmi": xmi(body, members=members), "TypeSystem.xml": TYPES})


PROJECT: dict[str, str | bytes] = {
    "exportedproject.json": "{}",
    "source/doc.txt": TEXT,
    "source/other.xmi": xmi(),
    "annotation_ser/doc.txt/ani.ser": b"\0",
    "annotation/doc.txt/ani.zip": exported("webanno123", BODY, MEMBERS),
    "annotation/doc.txt/budi.zip": exported("budi"),
    "annotation/doc.txt/INITIAL_CAS.zip": exported("INITIAL_CAS"),
    "annotation/new.txt/INITIAL_CAS.zip": exported("INITIAL_CAS"),
    "__MACOSX/annotation/doc.txt/._ani.zip": b"\0",
}


def test_a_project_of_several_annotators_zipped_or_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "project.zip").write_bytes(archive(PROJECT))
    for name, content in PROJECT.items():
        path = tmp_path / "unpacked" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    before = set(tmp_path.rglob("*"))
    documents = list(read(tmp_path / "project.zip"))
    assert [(document.id, document.meta.get("annotator"), len(document.spans)) for document in documents] == [
        ("doc", "ani", 5),
        ("doc", "budi", 0),
        ("new", None, 0),
    ]
    assert list(read(tmp_path / "unpacked")) == documents
    monkeypatch.chdir(tmp_path / "unpacked" / "annotation")
    assert list(read(Path())) == documents
    assert set(tmp_path.rglob("*")) == before


def test_of_a_curated_document_the_curated_version_is_read(tmp_path: Path) -> None:
    for name in (
        "annotation/doc.txt/ani",
        "annotation/doc.txt/INITIAL_CAS",
        "annotation/other.txt/budi",
        "curation/doc.txt/CURATION_USER",
    ):
        path = tmp_path / "project" / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(GOOD)
    found = [(document.id, document.meta.get("annotator")) for document in read(tmp_path / "project")]
    assert found == [("other", "budi"), ("doc", None)]
    found = [(document.id, document.meta.get("annotator")) for document in read(tmp_path / "project" / "annotation")]
    assert found == [("doc", "ani"), ("other", "budi")]
    # A document of that name in another project is another one.
    (tmp_path / "second").mkdir()
    (tmp_path / "project" / "curation").rename(tmp_path / "second" / "curation")
    assert len(list(read(tmp_path))) == 3


def test_what_nobody_has_annotated_says_nothing_of_what_is_to_mark(tmp_path: Path) -> None:
    files = {
        "annotation/doc.txt/ani.zip": exported("ani"),
        "annotation/imported.txt/INITIAL_CAS.zip": exported("INITIAL_CAS", BODY, MEMBERS),
        "annotation/new.txt/INITIAL_CAS.zip": exported("INITIAL_CAS"),
    }
    (tmp_path / "project.zip").write_bytes(archive(files))
    found = {document.id: (len(document.spans), document.scope) for document in read(tmp_path / "project.zip")}
    assert found == {"doc": (0, WHOLE), "imported": (5, WHOLE), "new": (0, Scope(()))}


def test_a_project_as_json(tmp_path: Path) -> None:
    content = cas_json(STRUCTURES, [32])
    files = {f"annotation/doc.pdf/{name}.json": content for name in ("ani", "INITIAL_CAS")}
    (tmp_path / "project.zip").write_bytes(archive({**files, "exportedproject.json": '{"%TYPES": 1}'}))
    document = only(tmp_path / "project.zip")
    assert (document.id, document.meta["annotator"], document.spans) == ("doc", "ani", (SOURCE,))


def test_one_exported_document_in_an_archive(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(archive({"doc.xmi": xmi(), "TypeSystem.xml": TYPES}))
    assert only(tmp_path / "a.zip").id == "doc"


def bomb(name: str = "doc.xmi") -> bytes:
    return archive({name: b" " * 10_000_000})


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (bomb(), "a.zip: expands from 9,8"),
        (archive({"annotation/d/u.zip": bomb()}), "a.zip/annotation/d/u.zip: expands from"),
        (archive({"annotation/d/u.zip": b"PK?"}), "a.zip/annotation/d/u.zip: is no archive"),
        (archive({"annotation/d/u.zip": archive({"x.txt": "x"})}), "a.zip/annotation/d/u.zip: no .xmi file in it"),
        (archive({"../../doc.xmi": xmi()}), "a.zip: holds the name '../../doc.xmi', which leads out of it"),
        (archive({"/doc.xmi": xmi()}), "a.zip: holds the name '/doc.xmi'"),
        (archive({"doc.xmi": xmi()}), "a.zip/doc.xmi: its type system is missing"),
        (archive({"x.txt": "x"}), "a.zip: no UIMA .xmi file in it"),
        (
            archive({"doc.xmi": xmi()}, zipfile.ZIP_STORED).replace(b"Kami", b"KAMI"),
            'a.zip/doc.xmi: cannot be read: "Bad CRC',
        ),
        (
            archive({"doc.xmi": xmi()}).replace(b"PK\1\2\x14\3\x14\0\0\0", b"PK\1\2\x14\3\x14\0\1\0"),
            "a.zip/doc.xmi: cannot be read",
        ),
    ],
)
def test_archives_that_are_bad_or_a_bomb(tmp_path: Path, content: bytes, what: str) -> None:
    (tmp_path / "a.zip").write_bytes(content)
    assert told(tmp_path / "a.zip", "uima-xmi").startswith(what)


def test_archives_in_an_archive_count_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.zip").write_bytes(archive(PROJECT))
    outer = sum(len(content.encode() if isinstance(content, str) else content) for content in PROJECT.values())
    first = len(xmi().encode()) + len(TYPES)
    monkeypatch.setattr(projects, "MOST_EXPANDED", outer + first)
    documents = read(tmp_path / "a.zip", "uima-xmi")
    assert next(documents).meta["annotator"] == "ani"
    with pytest.raises(InputError, match=r"annotation/doc\.txt/budi\.zip: expands from"):
        list(documents)


LAUGHS = '<!DOCTYPE lolz [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize("name", ["a.xmi", "TypeSystem.xml"])
@pytest.mark.parametrize("doctype", [LAUGHS, '<!DOCTYPE x SYSTEM "file:///etc/passwd">'])
def test_a_doctype_is_refused_where_it_stands(folder: Path, name: str, doctype: str) -> None:
    (folder / "a.xmi").write_text(xmi())
    content = (folder / name).read_text()
    (folder / name).write_text(content.replace("\n", f"\n{doctype}", 1))
    assert told(folder / "a.xmi").startswith(f"{name}:2: has a DOCTYPE")


def test_an_encoding_cannot_hide_a_doctype(folder: Path) -> None:
    hidden = xmi().replace("UTF-8", "UTF-7").replace("<xmi", "+ADwAIQ-DOCTYPE x+AD4-<xmi", 1)
    for content in (xmi().encode("utf-16"), hidden.encode()):
        (folder / "a.xmi").write_bytes(content)
        assert told(folder / "a.xmi", "uima-xmi").startswith("a.xmi: is not UTF-8")


SPAN = '<custom2:Span xmi:id="5" sofa="1" begin="{0}" end="{1}" label="GPE"/>'


def one(begin: object = 28, end: object = 32) -> str:
    return xmi(SPAN.format(begin, end), members="5")


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (one(28, 99), f"a.xmi: Span 5: GPE 27..99 does not lie in the text, which ends at {len(TEXT)}"),
        (one(-1, 2), "a.xmi: Span 5: GPE -1..1 does not lie in the text"),
        (one(32, 28), "a.xmi: Span 5: GPE 31..27 does not lie in the text"),
        (one(1, 5), "a.xmi: offset 1 is in the middle of a character"),
        (one("x"), 'a.xmi: is no CAS that can be read: "invalid literal for int'),
        (one("9" * 5000), "a.xmi: is no CAS that can be read: 'Exceeds the limit"),
        (one().replace('xmi:id="5"', 'xmi:id="1"'), "a.xmi: the id '1' is given twice"),
        (one().replace('members="5"', 'members="5 6"'), "a.xmi: is no CAS that can be read: it speaks of 6"),
        (one().replace("2:Span", "2:Spam"), "a.xmi: is no CAS that can be read: 'Type with name"),
        (one().replace('label="GPE"', 'lable="GPE"'), "a.xmi: is no CAS that"),
        (one()[:-200], "a.xmi:6: is no CAS that can be read: "),
        (one().replace("Kami", "&#7;"), "a.xmi:7: is no CAS that can be read"),
        (xmi("", " \n", ""), "a.xmi: the article is empty"),
        (xmi("<custom2:Span>" * 300 + "</custom2:Span>" * 300), "a.xmi: is no CAS that can be read"),
        ("", "a.xmi: is no CAS that can be read"),
    ],
)
def test_bad_xmi_is_told(folder: Path, content: str, what: str) -> None:
    (folder / "a.xmi").write_text(content)
    assert told(folder / "a.xmi").startswith(what)


@pytest.mark.parametrize(
    ("types", "what"),
    [
        ("", "TypeSystem.xml: is no type system that can be read"),
        (TYPES[:-9], "TypeSystem.xml:2: is no type system that can be read"),
        (TYPES.replace("uima.tcas.Annotation", "no.Such", 1), "TypeSystem.xml: is no type system that can be read"),
        (
            TYPES.replace(">uima.tcas.Annotation<", ">custom.Span<"),
            "TypeSystem.xml: is no type system that can be read",
        ),
    ],
)
def test_a_bad_type_system_is_told(folder: Path, types: str, what: str) -> None:
    (folder / "a.xmi").write_text(one())
    (folder / "TypeSystem.xml").write_text(types)
    assert told(folder / "a.xmi").startswith(what)


def test_xmi_without_its_type_system_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.xmi").write_text(one())
    assert told(tmp_path / "a.xmi").startswith(
        "a.xmi: its type system is missing: no TypeSystem.xml beside it\n    put"
    )


def test_large_files_are_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "a.xmi").write_text(one())
    monkeypatch.setattr(projects, "LARGEST", len(one()) - 1)
    assert "a.xmi: has more than" in told(folder / "a.xmi")


GOOD = cas_json([annotation(5, "custom.Span", 28, 32, label="GPE")], [5])


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (GOOD[:-20], "a.json: is not JSON"),
        (GOOD.replace("28", "1.5"), "a.json: Span 5: its begin is '1.5'"),
        (GOOD.replace("28", '"28"'), "a.json: Span 5: its begin is '28'"),
        (GOOD.replace("28", "null"), "a.json: Span 5: its begin is 'None'"),
        (GOOD.replace("28", "{}"), "a.json: is no CAS that can be read"),
        (GOOD.replace("32", "3200"), "a.json: Span 5: GPE 27..3200 does not lie in the text"),
        (GOOD.replace("28", "1"), "a.json: offset 1 is in the middle of a character"),
        (GOOD.replace('"%ID": 5', '"%ID": 1'), "a.json: the id 1 is given twice"),
        (
            GOOD.replace('"%MEMBERS": [\n    5', '"%MEMBERS": [\n    6'),
            "a.json: is no CAS that can be read: it speaks of 6",
        ),
        (GOOD.replace("%TYPES", "%TYPE"), "a.json: lacks %TYPES"),
        (GOOD.replace("sofaString", "sofaUri"), "a.json: the article is empty"),
        (re.sub(r'"sofaString": ".*"', '"sofaString": {"a": 1}', GOOD), "a.json: its text is \"{'a': 1}\""),
        (GOOD.replace("\\ud83d", ""), "a.json: is not JSON that can be read"),
        ("[]", "a.json: lacks %TYPES"),
        ("[" * 100_000, "a.json: is not JSON that can be read: nests too deep"),
    ],
)
def test_bad_json_is_told(tmp_path: Path, content: str, what: str) -> None:
    (tmp_path / "a.json").write_text(content)
    assert told(tmp_path / "a.json", "cas-json").startswith(what)


def assert_placed(error: InputError, folder: Path) -> None:
    assert all(str(folder) in problem.where for problem in error.problems)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from([".xmi", ".json"]), st.data())
def test_broken_files_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, ending: str, data: st.DataObject
) -> None:
    content = (xmi() if ending == ".xmi" else cas_json(STRUCTURES, [22, 30, 31, 32, 33, 37])).encode()
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(content)))
        end = data.draw(st.integers(start, min(len(content), start + 12)))
        new = data.draw(
            st.sampled_from([b"", b"0", b"-1", b'"', b"<", b">", b"[", b"}", b"null", b"9999999999", b"\xff"])
        )
        content = content[:start] + new + content[end:]
    folder = tmp_path_factory.getbasetemp()
    (folder / "TypeSystem.xml").write_text(TYPES)
    (folder / f"broken{ending}").write_bytes(content)
    try:
        documents = list(read(folder / f"broken{ending}", {".xmi": "uima-xmi", ".json": "cas-json"}[ending]))
    except InputError as error:
        assert_placed(error, folder)
    else:
        assert len(documents) == 1


# Without gaps and lone cues, which the layers cannot say.
DOCUMENTS = documents(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")
    | st.sampled_from('\t\n\r\x85\u2028 "&<>😀ẞ́'),
    ids=st.sampled_from(["a", "b c", "d/é.1"]),
)


@BOTH
@settings(max_examples=40, deadline=None)
@given(DOCUMENTS)
def test_written_and_read_a_document_is_the_same(format: str, document: Document) -> None:
    with TemporaryDirectory() as place:
        write([document], Path(place, "out"), format)
        (again,) = read(Path(place, "out"))
        assert again == document
        assert set(again.spans) == set(document.spans)
    assert losses([document], format) == {}


@BOTH
def test_the_seeds_and_their_annotators(format: str, seeds: list[Document], tmp_path: Path) -> None:
    double = [replace(seeds[0], meta={"annotator": name}) for name in ("ani", "budi")]
    write(seeds, tmp_path / "plain", format)
    write(double, tmp_path / "project", format)
    assert list(read(tmp_path / "plain")) == seeds
    assert list(read(tmp_path / "project")) == double


@BOTH
def test_a_span_with_gaps_is_written_as_a_whole(format: str, tmp_path: Path) -> None:
    parted = Document("a", "satu dua tiga", (Span("content", "CONTENT", 0, 13, (), ((0, 4), (9, 13))),))
    assert losses([parted], format) == {"spans in several parts": 1}
    write([parted], tmp_path / "out", format)
    assert only(tmp_path / "out").spans == (Span("content", "CONTENT", 0, 13),)


@BOTH
@pytest.mark.parametrize(
    ("documents", "what"),
    [
        ([Document("../a", "x")], "no file name"),
        ([Document("/a", "x")], "no file name"),
        ([Document("a", "x", meta={"annotator": "../b"})], "no file name"),
        ([Document(".a", "x")], "no file name"),
        ([Document("INITIAL_CAS", "x")], "would be read as what a project has beside it"),
        ([Document("a", "x", meta={"annotator": "CURATION_USER"})], "would be read as what a project has beside it"),
        ([Document("annotation/a/b", "x")], "would be read as what a project has beside it"),
        ([Document("a", "x"), Document("a", "y")], "two documents have this id"),
        ([Document("a", "x"), Document("b", "\ud800")], r"character|half"),
    ],
)
def test_what_cannot_be_written_leaves_nothing(
    tmp_path: Path, format: str, documents: list[Document], what: str
) -> None:
    with pytest.raises(InputError, match=what):
        write(documents, tmp_path / "out", format)
    assert list(tmp_path.iterdir()) == []


def test_a_character_that_xml_cannot_hold(tmp_path: Path) -> None:
    document = Document("a", "satu\x0bdua")
    with pytest.raises(InputError, match=r"a: character 4 of the text is '\\x0b', which XML cannot hold\n.*cas-json"):
        write([document], tmp_path / "out", "uima-xmi")
    write([document], tmp_path / "out", "cas-json")
    assert only(tmp_path / "out") == document


@BOTH
def test_a_folder_with_something_in_it_is_left_alone(format: str, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    for place in (tmp_path, tmp_path / "mine.txt"):
        with pytest.raises(InputError, match="is there already"):
            write([Document("a", "x")], place, format)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@BOTH
def test_without_cassis_it_is_said_what_to_install(format: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cassis", None)
    (folder / "a.xmi").write_text(one())
    (folder / "a.json").write_text(GOOD)
    assert "pip install 'narasumber[inception]'" in told(folder, format)
    with pytest.raises(InputError, match=r"narasumber\[inception\]"):
        write([], folder / "out", format)
