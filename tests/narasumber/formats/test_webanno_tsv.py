"""WebAnno TSV: what INCEpTION's user guide and exports say, and what is wrong with a file."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from narasumber.document import Attribution, Document, Span
from narasumber.errors import InputError
from narasumber.formats import detect, read
from narasumber.scope import WHOLE, Scope

NE = "de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity"
POS = "de.tudarmstadt.ukp.dkpro.core.api.lexmorph.type.pos.POS"


def tsv(header: str, body: str, version: str = "3.3") -> str:
    """A file; in header and body, two spaces or more stand for a tab, and each line ends with one, as exports do."""
    rows = []
    for line in body.strip().splitlines():
        cells = [cell.strip() for cell in line.replace("  ", "\t").split("\t") if cell.strip()]
        rows.append("\t".join(cells) + "\t" * (not line.startswith("#") and bool(cells)))
    return f"#FORMAT=WebAnno TSV {version}\n{header.strip()}\n\n\n" + "\n".join(rows) + "\n"


def documents(path: Path, content: str, labels: Mapping[str, str] | None = None) -> Document:
    (path / "a.tsv").write_text(content, encoding="utf-8")
    (document,) = read(path / "a.tsv", labels=labels)
    return document


def told(path: Path, content: str) -> list[str]:
    (path / "a.tsv").write_text(content, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        list(read(path / "a.tsv", "webanno-tsv"))
    return [str(problem).replace(f"{path}/", "") for problem in caught.value.problems]


def said(document: Document) -> list[tuple[str, str]]:
    return [(span.label, span.text_in(document.text)) for span in document.spans]


EXPORT = tsv(
    f"""
#T_SP={POS}|PosValue|coarseValue
#T_SP={NE}|identifier|value
#T_SP=webanno.custom.Cue|ROLE_webanno.custom.Cue:Roles_webanno.custom.CueRolesLink|uima.tcas.Annotation
#T_SP=webanno.custom.CONTENT|Form
#T_SP=webanno.custom.Source|Kind
#T_CH=de.tudarmstadt.ukp.dkpro.core.api.coref.type.CoreferenceLink|referenceType|referenceRelation""",
    """
#Text=😀 Kami siap, kata Ani Wati di Solo.
1-1  0-2    😀    _     _     _     _        _        _            _       _   _          _
1-2  3-7    Kami  _     _     _     _        _        _            Direct[4]  _  _          _
1-3  8-12   siap  _     _     _     _        _        _            Direct[4]  _  _          _
1-4  12-13  ,     _     _     _     _        _        _            _       _   _          _
1-5  14-18  kata  VERB  V     _     _        said;by;*  1-2[4];1-6[3];*  _   _   _          _
1-6  19-22  Ani   _     _     *[1]  PER[1]   _        _            _       Person[3]  pr[1]  coref->1-1
1-7  23-27  Wati  _     _     *[1]  PER[1]   _        _            _       Person[3]  _      _
1-8  28-30  di    _     _     _     _        _        _            _       _   _          _
1-9  31-35  Solo  _     _     http://x/Q\\_1  GPE  _  _            _       _   _          _
1-10  35-36  .    _     _     _     _        _        _            _       _   _          _

#Sentence.id=s2
#Text=Budi
#Text=setuju\\\\tahu.
2-1  38-42  Budi  _     _     *     PER      _        _            _       _   _          _
2-2  43-49  setuju  _   _     _     _        _        _            _       _   _          _
2-3  49-50  \\     _     _     _     _        _        _            _       _   _          _
2-4  50-54  tahu  _     _     _     _        _        _            _       _   _          _
2-5  54-55  .     _     _     _     _        _        _            _       _   _          _""",
)


def test_an_export_of_inception(tmp_path: Path) -> None:
    document = documents(tmp_path, EXPORT)
    # Between the sentences there is room for two characters: a line break and a space.
    assert document.text == "😀 Kami siap, kata Ani Wati di Solo.\n Budi\nsetuju\\tahu."
    cue, source = Span("cue", "CUE", 13, 17), Span("source", "SOURCE", 18, 26, (("Kind", "Person"),))
    content = Span("content", "CONTENT", 2, 11, (("Form", "Direct"),))
    assert document.attributions == (Attribution(cue, (source,), (content,)),)
    assert said(document) == [
        ("CONTENT", "Kami siap"),
        ("CUE", "kata"),
        ("PER", "Ani Wati"),
        ("SOURCE", "Ani Wati"),
        ("GPE", "Solo"),
        ("PER", "Budi"),
    ]
    assert document.meta["left_out"] == {
        "annotations of the layer POS": 1,
        "chains of the layer CoreferenceLink": 1,
        "feature identifier of the layer NamedEntity": 1,
    }
    assert detect(tmp_path / "a.tsv")[0].name == detect(tmp_path)[0].name == "webanno-tsv"


def test_parts_of_tokens_and_stacked_annotations(tmp_path: Path) -> None:
    content = tsv(
        "#T_SP=webanno.custom.Span|value",
        """
#Text=Kamis/Jumat
1-1    0-11  Kamis/Jumat  DAT[1]
1-1.1  0-5   Kamis        DAT[2]|ORG[3]
1-1.2  6-11  Jumat        DAT[4]
1-1.3  0-3   Kam          PER""",
    )
    assert sorted(said(documents(tmp_path, content))) == [
        ("DAT", "Jumat"),
        ("DAT", "Kamis"),
        ("DAT", "Kamis/Jumat"),
        ("ORG", "Kamis"),
        ("PER", "Kam"),
    ]


RELATED = """
#T_SP=webanno.custom.Span|value
#T_RL=webanno.custom.Relation|value|BT_webanno.custom.Span"""


@pytest.mark.parametrize(
    ("kata", "ani", "relation"),
    [
        ("CUE", "SOURCE", "* 1-1"),
        ("CUE", "PER[1]|SOURCE[2]", "* 1-1[0_2]"),
        ("CUE[5]|MON[6]", "SOURCE", "by 1-1[5_0]"),
        ("CUE", "SOURCE[2]|PER[1]", "*|* 1-1[0_2]|1-1[0_1]"),
    ],
)
def test_relations_say_where_they_begin(tmp_path: Path, kata: str, ani: str, relation: str) -> None:
    features, beginning = relation.split()
    content = tsv(
        RELATED, f"#Text=kata Ani\n1-1  0-4  kata  {kata}  _  _\n1-2  5-8  Ani  {ani}  {features}  {beginning}"
    )
    document = documents(tmp_path, content)
    cue, source = Span("cue", "CUE", 0, 4), Span("source", "SOURCE", 5, 8)
    assert document.attributions == (Attribution(cue, (source,)),)


@pytest.mark.parametrize(
    ("of_layer", "source"), [("uima.tcas.Annotation", "1-1-3[1]"), ("webanno.custom.SOURCE", "1-1[1]")]
)
def test_webanno_numbers_each_layer_by_itself(tmp_path: Path, of_layer: str, source: str) -> None:
    header = f"""
#T_SP={NE}|value
#T_SP=webanno.custom.CUE|ROLE_webanno.custom.CUE:Source_webanno.custom.CUESourceLink|{of_layer}
#T_SP=webanno.custom.SOURCE|Kind"""
    body = f"""
#Text=Ani Wati berkata
1-1  0-3   Ani      PER[1]  _  _         Person[1]
1-2  4-8   Wati     PER[1]  _  _         Person[1]
1-3  9-16  berkata  _       *  {source}  _"""
    document = documents(tmp_path, tsv(header, body, "3.2"))
    spoken = Attribution(Span("cue", "CUE", 9, 16), (Span("source", "SOURCE", 0, 8, (("Kind", "Person"),)),))
    assert document.attributions == (spoken,)
    assert said(document) == [("PER", "Ani Wati"), ("SOURCE", "Ani Wati"), ("CUE", "berkata")]


def test_relations_of_other_layers_are_left_out(tmp_path: Path) -> None:
    header = f"#T_SP={NE}|value\n#T_RL=webanno.custom.Dependency|kind|BT_{POS}"
    content = tsv(header, "#Text=kata Ani\n1-1  0-4  kata  _  _  _\n1-2  5-8  Ani  PER  subj  1-1")
    document = documents(tmp_path, content)
    assert document.meta == {"left_out": {"relations of annotations that are left out": 1}}


def test_a_layer_without_features_is_called_as_it_is(tmp_path: Path) -> None:
    for header in ("#T_SP=webanno.custom.Cue|", "#T_SP=webanno.custom.CUE"):
        assert said(documents(tmp_path, tsv(header, "#Text=kata Ani\n1-1  0-4  kata  *\n1-2  5-8  Ani  _"))) == [
            ("CUE", "kata")
        ]


def test_labels_are_mapped(tmp_path: Path) -> None:
    content = tsv(
        "#T_SP=custom.Span|label", "#Text=Ani di Solo\n1-1  0-3  Ani  Orang\\_1\n1-2  4-6  di  x\n1-3  7-11  Solo  _"
    )
    document = documents(tmp_path, content, {"Orang_1": "PER", "x": ""})
    assert said(document) == [("PER", "Ani")]
    assert document.meta == {"left_out": {"spans labelled x": 1}}


def test_what_covers_no_text_is_left_out(tmp_path: Path) -> None:
    rows = "#Text=Ani\n1-1\t0-3\tAni\tPER\n1-1.1\t0-0\t\tORG\n"
    document = documents(tmp_path, f"#FORMAT=WebAnno TSV 3.3\n{SPANS}\n\n\n{rows}")
    assert said(document) == [("PER", "Ani")]
    assert document.meta["left_out"] == {"annotations of no width": 1}


def test_what_has_a_meaning_is_escaped(tmp_path: Path) -> None:
    label = r"a\_b\|c\[1\]\*\;d\->e\\f\tg\nh"
    content = tsv("#T_SP=custom.Span|label", f"#Text=Ani\n1-1  0-3  Ani  {label}[12]")
    assert said(documents(tmp_path, content, {"a_b|c[1]*;d->e\\f\tg\nh": "PER"})) == [("PER", "Ani")]


def test_a_cell_of_any_length_is_read(tmp_path: Path) -> None:
    # A regular expression that looks back from each bracket would take hours.
    content = tsv(f"#T_SP={NE}|identifier|value", f"#Text=Ani\n1-1  0-3  Ani  *[1]|{']' * 10**6}[2]  PER[1]|ORG[2]")
    assert sorted(said(documents(tmp_path, content))) == [("ORG", "Ani"), ("PER", "Ani")]


def test_version_3_1_escapes_the_text_as_java_does(tmp_path: Path) -> None:
    body = """
#Text=\\u2013 \\uD83D\\uDE00 \\"caf\\u00E9\\"
1-1  0-1  –  _
1-2  2-4  😀  _
1-3  5-6  "  _
1-4  6-10  café  ORG
1-5  10-11  "  _"""
    document = documents(tmp_path, tsv("#T_SP=custom.Span|label", body, "3.1"))
    assert document.text == '– 😀 "café"'
    assert said(document) == [("ORG", "café")]


@pytest.mark.parametrize("wide", [1, 2])
def test_offsets_may_count_an_emoji_as_one_or_two(tmp_path: Path, wide: int) -> None:
    rows = [("1-1", 0, wide, "😀"), ("1-2", wide + 1, wide + 4, "Ani"), ("2-1", wide + 5, wide + 9, "Budi")]
    first, second, third = (
        f"{unit}  {start}-{end}  {token}  {'_' if token == '😀' else 'PER'}" for unit, start, end, token in rows
    )
    body = f"#Text=😀 Ani\n{first}\n{second}\n\n#Text=Budi\n{third}"
    document = documents(tmp_path, tsv("#T_SP=custom.Span|label", body))
    assert document.text == "😀 Ani\nBudi"
    assert said(document) == [("PER", "Ani"), ("PER", "Budi")]


def test_sentences_without_room_between_them(tmp_path: Path) -> None:
    body = "#Text=Ani.\n1-1  0-3  Ani  PER[1]\n1-2  3-4  .  PER[1]\n\n#Text=Budi\n2-1  4-8  Budi  PER[1]"
    document = documents(tmp_path, tsv("#T_SP=custom.Span|label", body))
    assert said(document) == [("PER", "Ani.Budi")]


def test_a_folder_and_a_project(tmp_path: Path) -> None:
    content = tsv("#T_SP=custom.Span|label", "#Text=Ani\n1-1  0-3  Ani  PER")
    for name in ("x/b.tsv", "a.tsv", ".hidden/c.tsv"):
        (tmp_path / "plain" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "plain" / name).write_text(content)
    (tmp_path / "plain" / "table.tsv").write_text("a\tb\n")
    assert [document.id for document in read(tmp_path / "plain")] == ["a", "x/b"]
    for name in (
        "annotation/doc.txt/ani",
        "annotation/doc.txt/INITIAL_CAS",
        "annotation/settled.txt/ani",
        "curation/settled.txt/CURATION_USER",
        "source/d",
    ):
        (tmp_path / "project" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "project" / f"{name}.tsv").write_text(content)
    found = [(document.id, document.meta.get("annotator")) for document in read(tmp_path / "project")]
    assert found == [("doc", "ani"), ("settled", None)]
    for name in ("plain", "project"):
        shutil.make_archive(str(tmp_path / name), "zip", tmp_path / name)
        assert detect(tmp_path / f"{name}.zip")[0].name == "webanno-tsv"
        assert list(read(tmp_path / f"{name}.zip")) == list(read(tmp_path / name))


def test_what_nobody_has_annotated_says_nothing_of_what_is_to_mark(tmp_path: Path) -> None:
    for name in ("doc.txt/ani", "new.txt/INITIAL_CAS"):
        path = tmp_path / "annotation" / f"{name}.tsv"
        path.parent.mkdir(parents=True)
        path.write_text(tsv("#T_SP=custom.Span|label", "#Text=Ani\n1-1  0-3  Ani  _"))
    assert [(document.id, document.scope) for document in read(tmp_path)] == [("doc", WHOLE), ("new", Scope(()))]


def test_what_is_wrong_in_a_zip_is_told_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    for files, what in (
        ({"x/a.tsv": tsv(SPANS, GOOD.replace("7-11", "7-12"))}, "a.zip/x/a.tsv:8: 7-12 does not lie"),
        ({"a.tsv": "a\tb\n"}, "a.zip: no WebAnno TSV file in it"),
        ({"a.tsv": " " * 10_000_000}, "a.zip: expands from"),
    ):
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files.items():
                archive.writestr(name, content)
        with pytest.raises(InputError) as caught:
            list(read(path, "webanno-tsv"))
        assert str(caught.value).replace(f"{tmp_path}/", "").startswith(what)


SPANS = "#T_SP=custom.Span|label"
GOOD = "#Text=Ani di Solo\n1-1  0-3  Ani  PER[1]\n1-2  4-6  di  _\n1-3  7-11  Solo  GPE"


def related(feature: str, beginning: str) -> str:
    return tsv(RELATED, f"#Text=a b\n1-1  0-1  a  PER  _  _\n1-2  2-3  b  PER  {feature}  {beginning}")


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("", "a.tsv:1: begins with ''\n    read are WebAnno TSV 3.1 to 3.3"),
        ("#FORMAT=WebAnno TSV 2\n", "a.tsv:1: begins with"),
        (tsv(SPANS, GOOD, "3.0"), "a.tsv:1: begins with"),
        (tsv(SPANS, GOOD, "4.1"), "a.tsv:1: begins with"),
        (tsv(SPANS, GOOD, "9" * 5000 + ".3"), "a.tsv:1: begins with"),
        (tsv(SPANS, ""), "a.tsv: the article is empty"),
        (tsv("#T_SP=", GOOD), "a.tsv:2: a layer without its name"),
        (tsv("#T_RL=custom.Relation|label", GOOD), "a.tsv:2: a layer without its name, the type"),
        (tsv(SPANS, GOOD.replace("PER[1]", "Orang")), "a.tsv:6: unknown label 'Orang'\n    map it with --label Orang="),
        (tsv(SPANS, GOOD.replace("GPE", "GPE  x")), "a.tsv:8: has 2 columns of annotation, the header 1"),
        (tsv(SPANS, GOOD).replace("\tGPE\t", ""), "a.tsv:8: has 0 columns of annotation, the header 1"),
        (tsv(SPANS, GOOD.replace("7-11", "7-12")), "a.tsv:8: 7-12 does not lie in its sentence"),
        (tsv(SPANS, GOOD.replace("7-11", "7-6")), "a.tsv:8: 7-6 does not lie in its sentence"),
        (tsv(SPANS, GOOD.replace("7-11", f"7-{'9' * 50}")), "a.tsv:8: malformed line"),
        (tsv(SPANS, GOOD.replace("7-11", "6-10")), "a.tsv:8: says 'Solo', the text has ' Sol'"),
        (tsv(SPANS, GOOD.replace("1-3", "1-x")), "a.tsv:8: malformed line"),
        (tsv(SPANS, GOOD.replace("1-3", "1-2")), "a.tsv:8: 1-2 is given twice"),
        (tsv(SPANS, GOOD.replace("#Text=Ani", "Ani")), "a.tsv:5: 'Ani di Solo\\t' stands in no sentence"),
        (tsv(SPANS, f"{GOOD}\n\n#Text=Budi\n2-1  9-13  Budi  _"), "a.tsv:10: begins at 9, the text before it"),
        (tsv(SPANS, GOOD.replace("0-3", "999999999999-999999999999")), "a.tsv:5: begins at 999999999999"),
        (related("x", "1-7"), "a.tsv:8: speaks of '1-7', where no Span is"),
        (related("x", "1-1[4_0]"), "a.tsv:8: speaks of '1-1[4]'"),
        (related("x", "a"), "a.tsv:8: 'a' does not say where"),
        (
            tsv("#T_SP=webanno.custom.Cue|ROLE_x:y_z|uima.tcas.Annotation", "#Text=a\n1-1  0-1  a  *  x"),
            "a.tsv:6: 'x' does not say where the slot's",
        ),
        (related("x|y", "1-1"), "a.tsv:8: the columns of Relation do not"),
        (tsv(SPANS, GOOD).replace("di", "\udc80"), "a.tsv:5: byte"),
    ],
)
def test_faults_are_told_with_their_line(tmp_path: Path, content: str, what: str) -> None:
    path = tmp_path / "a.tsv"
    path.write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(InputError) as caught:
        list(read(path, "webanno-tsv"))
    assert str(caught.value.problems[0]).replace(f"{tmp_path}/", "").startswith(what)


def test_one_bad_file_does_not_hide_the_others(tmp_path: Path) -> None:
    for name, content in (
        ("a", tsv(SPANS, GOOD)),
        ("b", tsv(SPANS, GOOD.replace("PER", "x"))),
        ("c", tsv(SPANS, GOOD)),
    ):
        (tmp_path / f"{name}.tsv").write_text(content)
    found: list[str] = []
    with pytest.raises(InputError) as caught:
        found.extend(document.id for document in read(tmp_path))
    assert len(caught.value.problems) == 1


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_broken_files_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    content = EXPORT.encode()
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(content)))
        end = data.draw(st.integers(start, min(len(content), start + 9)))
        new = data.draw(
            st.sampled_from([b"", b"\t", b"\n", b"|", b"[9]", b"-", b"\\", b"#", b"_", b"99", b"\xff", b"\r"])
        )
        content = content[:start] + new + content[end:]
    path = tmp_path_factory.getbasetemp() / "broken.tsv"
    path.write_bytes(content)
    try:
        assert len(list(read(path, "webanno-tsv"))) == 1
    except InputError as error:
        problems = error.problems
    else:
        problems = ()
    assert all(str(path) in problem.where for problem in problems)
