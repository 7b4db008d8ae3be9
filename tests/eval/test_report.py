from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from data.sources import with_meta
from eval.report import Table, learning_curve, write_report
from eval.score import find_errors, score
from narasumber.document import Attribution, Document, Span
from narasumber.labels import ENTITY_LABELS
from narasumber.linking import link
from narasumber.scope import LayerScope, Scope
from narasumber.words import words

EVIL = "<script>alert(1)</script>"

Write = Callable[..., tuple[str, str, Path]]


def perturbed(document: Document, every: int = 7) -> Document:
    """Gold with every so many spans left out, cut short, under another label, or made up."""
    grid = words(document.text)
    found: set[Span] = set()
    for number, span in enumerate(document.spans):
        inside = [word for word in grid if span.start <= word[0] and word[1] <= span.end]
        if number % every == 1:
            continue
        if number % every == 3 and len(inside) > 1 and not span.fragments:
            found.add(Span(span.layer, span.label, inside[1][0], span.end))
        elif number % every == 5 and span.layer == "entity":
            other = ENTITY_LABELS[(ENTITY_LABELS.index(span.label) + 1) % len(ENTITY_LABELS)]
            found.add(Span("entity", other, span.start, span.end))
        else:
            found.add(span)
    for start, end in grid[::97]:
        if not any(span.layer == "entity" and span.start < end and start < span.end for span in found):
            found.add(Span("entity", "ORG", start, end))
    return document.with_annotation(found, link(document.text, found))


def facts(documents: list[Document], folds: int = 1) -> dict[str, Any]:
    names = [document.id for document in documents]
    return {
        "config": {
            "name": "example",
            "seed": 13,
            "layers": ["entity", "source", "cue", "content", "content_inner"],
            "model": {"encoder": "builtin", "revision": None},
            "train": {"epochs": 30, "learning_rate": 2e-4},
        },
        "environment": {
            "packages": {"torch": "2.6.0"},
            "git": {"commit": "0123456789abcdef0123", "dirty": True},
            "device": "cpu",
            "precision": "bf16",
            "seed": 13,
            "data": {"documents": 5, "fingerprint": "deadbeef" * 8},
        },
        "lost": {
            "total": 2,
            "by_cause": [{"head": "entity", "cause": "word", "label": "PER", "count": 2}],
            "spans": [],
        },
        "folds": [
            {
                "name": f"fold-{number}",
                "train": ["other-1", "other-2"],
                "held_out": names[number::folds],
                "dropped": [["copy", names[0]], ["undated", ""]],
                "sampling": [
                    {"others": {"examples": 7, "an_epoch": 9}, "more": {"examples": 4, "an_epoch": 2}},
                    {"more": {"examples": 4, "an_epoch": 4}},
                ],
            }
            for number in range(folds)
        ],
        "leaked_sentences": dict.fromkeys(names, 1),
    }


def metrics(updates: int, development: bool = False) -> list[dict[str, Any]]:
    return [
        {
            "step": step,
            "epoch": 1 + step // 10,
            "loss": 4 / (1 + step / 8) + (step % 5) / 10,
            "learning_rate": 1e-4,
            "gradient_norm": 1.0,
            "tokens_per_second": 900.0 + step,
            **({"development_score": min(0.8, step / 100)} if development and step % 10 == 0 else {}),
        }
        for step in range(1, updates + 1)
    ]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Makes a report of perturbed gold; returns the page, the Markdown, and the page's path."""

    def make(documents: list[Document], *, name: str = "example", folds: int = 1, **more: Any) -> tuple[str, str, Path]:
        predicted = more.get("predicted") or [perturbed(document) for document in documents]
        leaked = {document.id: [(0, 60)] for document in documents}
        relinked = [
            document.with_annotation(document.spans, link(document.text, document.spans)) for document in documents
        ]
        scores = score(documents, predicted, relinked=relinked, leaked=leaked)
        rules = {"rules": score(documents, [perturbed(document, 2) for document in documents])}
        write_report(
            name,
            more.get("facts") or facts(documents, folds),
            scores,
            more.get("baselines", rules),
            documents,
            predicted,
            find_errors(documents, predicted),
            more.get("metrics", metrics(120)),
            tmp_path,
        )
        page = tmp_path / "report.html"
        return page.read_text(encoding="utf-8"), (tmp_path / "report.md").read_text(encoding="utf-8"), page

    return make


def article_texts(page: str) -> list[str]:
    """The articles in a page, without tags."""
    found = re.findall(r'<div class="text" lang="id">(.*?)</div>', page, re.DOTALL)
    return [html.unescape(re.sub(r"<[^>]+>", "", text)) for text in found]


def chromium(page: Path, profile: Path) -> tuple[str, str]:
    """The page as headless Chromium has built it, and what it wrote to its console.

    Without Chromium the test is skipped, but fails where CI is set.
    """
    binary = shutil.which("chromium")
    if binary is None:
        if os.environ.get("CI"):
            pytest.fail("chromium is not installed")
        pytest.skip("chromium is not installed")
    switches = "headless no-sandbox disable-gpu disable-background-networking disable-component-update disable-sync"
    done = subprocess.run(
        [
            binary,
            *(f"--{switch}" for switch in (*switches.split(), "no-first-run", "enable-logging=stderr", "v=0")),
            f"--user-data-dir={profile}",
            "--dump-dom",
            page.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return done.stdout, "\n".join(line for line in done.stderr.splitlines() if "CONSOLE" in line)


def test_report_opens_in_a_browser(write: Write, seeds: list[Document], tmp_path: Path) -> None:
    documents = [with_meta(document) for document in seeds[:2]]
    _, _, path = write(documents, folds=2, metrics=metrics(120, development=True))
    built, console = chromium(path, tmp_path / "profile")
    assert console == ""
    assert article_texts(built) == [document.text for document in documents for _ in range(2)]
    # The script ran: it counts the errors that the filters show.
    errors = len(re.findall("<li data-error=", built))
    assert re.search(r'<div class="filters">', built) and errors > 20


def test_pointing_at_a_line_of_the_list_lights_its_spans(write: Write, seeds: list[Document], tmp_path: Path) -> None:
    page, _, path = write(seeds[:1])
    point = "document.querySelector('#gold1-l2 .said').dispatchEvent(new Event('pointerover', {bubbles: true}))"
    path.write_text(page.replace("</body>", f"<script>{point}</script></body>"), encoding="utf-8")
    built, _ = chromium(path, tmp_path / "profile")
    lit = re.findall(r'<(?:li|span|a)[^>]* class="(?:[^"]* )?on"[^>]*>', built)
    assert len(lit) > 3 and all(re.search(r'data-a="(\d+ )*2( \d+)*"', tag) for tag in lit)
    assert sum(tag.startswith("<li") for tag in lit) == 1


def test_browser_tells_a_broken_page(tmp_path: Path) -> None:
    page = tmp_path / "broken.html"
    page.write_text("<!DOCTYPE html><script>nothing.here()</script>")
    assert "nothing is not defined" in chromium(page, tmp_path / "profile")[1]


def test_report_loads_nothing(write: Write, seeds: list[Document]) -> None:
    page, _, _ = write(seeds)
    assert not re.search(r"""(src|href|url|action)\s*[=(]\s*["']?(https?:|//)|@import|<link|<img|<iframe""", page)
    assert "default-src &#39;none&#39;" in page


def test_both_sides_hold_the_whole_article(write: Write, seeds: list[Document]) -> None:
    page, _, _ = write(seeds)
    assert article_texts(page) == [document.text for document in seeds for _ in range(2)]


def test_ids_are_unique_and_links_lead_somewhere(write: Write, seeds: list[Document]) -> None:
    page, _, _ = write(seeds, folds=5)
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(set(ids)) == len(ids)
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)


def test_markup_is_text_wherever_it_comes_from(write: Write) -> None:
    text = f"{EVIL} | Ani kata {EVIL}\n{EVIL}"
    document = Document(
        EVIL, text, (Span("entity", "PER", 0, len(EVIL)), Span("cue", "CUE", 32, 36)), (), {"title": EVIL}
    )
    told = facts([document], 1)
    told["config"]["model"]["encoder"] = told["folds"][0]["train"][0] = EVIL
    told["environment"]["device"] = EVIL
    page, markdown, _ = write([document], name=EVIL, facts=told, predicted=[document.bare()])
    assert EVIL not in page and EVIL not in markdown.split("```yaml")[0]
    assert article_texts(page) == [text, text]


def test_single_article_says_why_there_is_no_interval(write: Write, seeds: list[Document]) -> None:
    page, markdown, _ = write(seeds[:1])
    for told in (page, markdown):
        assert "There is no 95 % interval" in told
    page, markdown, _ = write(seeds)
    for told in (page, markdown):
        assert "There is no 95 % interval" not in told and "bootstrap" in told


def test_what_open_articles_leave_of_the_figures_is_told(write: Write) -> None:
    """Of four names gold marks one: to find that one alone is perfect."""
    open_to_more = Scope((("entity", LayerScope((("PER",),), closed=False)),))
    gold = Document("a", "Ani Budi Cici Dedi", (Span("entity", "PER", 0, 3),), scope=open_to_more)
    for told in write([gold], predicted=[gold])[:2]:
        assert "precision is at least" in told and "F1 may be off either way" in told


def test_figures_are_those_of_the_scores(write: Write, seeds: list[Document]) -> None:
    predicted = [perturbed(document) for document in seeds]
    scores = score(seeds, predicted)
    page, markdown, _ = write(seeds, predicted=predicted)
    for own in (scores["layers"]["entity"]["micro"], scores["attribution"]["half"]):
        low, high = own["interval"]
        for told in (page, markdown):
            assert f"{own['f1']:.3f}" in told and f"{low:.3f} to {high:.3f}" in told


def test_every_error_is_listed_with_its_place(write: Write, seeds: list[Document]) -> None:
    page, _, _ = write(seeds)
    errors = find_errors(seeds, [perturbed(document) for document in seeds])
    assert {error["error"] for error in errors} >= {"boundary", "type", "missed", "spurious"}
    listed = re.findall(r'<li data-error="(\w+)" data-head="(\w+)" data-document="(\w+)">', page)
    assert listed == [(error["error"], error["head"], error["document"]) for error in errors]


def test_difference_is_marked_in_the_text(write: Write, seeds: list[Document]) -> None:
    page, _, _ = write(seeds[:1])
    for name in ("entity-wrong", "entity-near", "content-wrong", "cue-wrong", "source-near", "verdict near"):
        assert name in page
    same, _, _ = write(seeds[:1], predicted=seeds[:1])
    assert not re.search(r'class="[^"]*-(wrong|near)', same.split('id="detail"')[0].split("</fieldset>")[1])


def test_an_attribution_is_marked_where_scores_count_it_as_wrong(write: Write) -> None:
    """`Kim pergi, kata Ani, besok`: what stands around the cue was said, the cue was not."""
    text = "Kim pergi, kata Ani, besok"
    cue, source = Span("cue", "CUE", 11, 15), Span("source", "SOURCE", 16, 19)
    parts = Span("content", "CONTENT", 0, 26, fragments=((0, 9), (21, 26)))
    gold, predicted = (
        Document("a", text, (cue, source, own), (Attribution(cue, (source,), (own,)),))
        for own in (parts, Span("content", "CONTENT", 0, 26))
    )
    same, other = (write([gold], predicted=[own], baselines={})[0] for own in (gold, predicted))
    assert same.count('class="verdict near"') == 1  # in what explains the signs
    assert other.count('class="verdict near"') == 3
    assert other.count("content-wrong") > same.count("content-wrong")


def test_layers_that_were_not_trained_are_told_so(write: Write, seeds: list[Document]) -> None:
    told = facts(seeds)
    told["config"]["layers"] = ["entity"]
    page, _, _ = write(seeds, facts=told)
    assert page.count("not trained") == 7


def test_a_head_that_was_not_trained_has_no_figures(write: Write, seeds: list[Document]) -> None:
    """Contents inside contents are of a layer that was trained, and so in gold."""
    told = facts(seeds)
    told["config"]["layers"] = ["entity", "source", "cue", "content"]
    page, markdown, _ = write(seeds, facts=told, predicted=seeds)
    assert "in CONTENT" in write(seeds)[1] and "in CONTENT" not in page + markdown
    assert page.count("content_inner") == markdown.count("content_inner") == 1  # in the headline table, as not trained


def test_links_of_articles_without_any_are_left_out(write: Write, seeds: list[Document]) -> None:
    names = [seed.with_annotation(seed.layer("entity")) for seed in seeds]
    assert "given gold spans" in write(seeds, predicted=seeds)[1]
    page, markdown, _ = write(names, predicted=names)
    assert "given gold spans" not in page + markdown


def test_metrics_that_are_no_numbers_are_no_part_of_the_page(write: Write, seeds: list[Document]) -> None:
    row = {"epoch": "</title><script>bad()</script>", "loss": 1.0, "learning_rate": 0.1, "tokens_per_second": 9.0}
    rows = [{**row, "step": step} for step in (1, 2)]
    page, _, _ = write(seeds, metrics=rows)
    assert "<script>bad" not in page and "&lt;script&gt;bad" in page


def test_report_of_nothing(write: Write) -> None:
    empty = Document("empty", "Tidak ada apa-apa.\n")
    bare = {"total": 0, "by_cause": [], "spans": []}
    told = {**facts([empty]), "lost": bare, "environment": {"seed": 1}}
    page, markdown, _ = write([empty], predicted=[empty], metrics=[], baselines={}, facts=told)
    assert "none in gold" in page and article_texts(page) == [empty.text] * 2
    assert "nan" not in markdown.lower().split()


def test_markdown_reads_on_a_terminal(write: Write, seeds: list[Document]) -> None:
    _, markdown, _ = write(seeds, folds=5)
    for title in (
        "Unseen sentences",
        "By label",
        "Recall by Form and Kind",
        "Links",
        "Errors",
        "Lost spans",
        "Configuration",
    ):
        assert f"## {title}" in markdown
    for block in re.findall(r"(?:^\|.*\n)+", markdown, re.MULTILINE):
        assert len({len(line) for line in block.splitlines()}) == 1


def test_what_was_left_out_and_how_sources_were_drawn_is_told(write: Write, seeds: list[Document]) -> None:
    page, markdown, _ = write(seeds)
    assert all(f"2 articles: copy (as {seeds[0].id}), undated" in text for text in (page, markdown))
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in markdown.splitlines() if line.startswith("|")]
    assert ["1 others", "7", "9"] in rows and ["1 more", "4", "2"] in rows and ["2 more", "4", "4"] in rows
    assert "1 others" in page


def test_table_escapes_what_would_end_a_cell() -> None:
    assert Table(("a", "b"), [("x|y\nz", "<i>")]).markdown().splitlines()[-1] == "| x\\|y z | &lt;i> |"


@pytest.mark.parametrize("updates", [0, 1, 2, 500])
def test_learning_curve_of_any_length(updates: int) -> None:
    curve = learning_curve(metrics(updates, development=True))
    assert bool(curve) == (updates > 1) and "nan" not in curve
    assert ('class="development"' in curve) == (updates >= 10)


def test_the_speed_says_what_it_counts(write: Write, seeds: list[Document]) -> None:
    for told in write(seeds)[:2]:
        assert "961 word pieces a second, padding counted (median)" in told


def test_learning_curve_leaves_out_what_is_not_finite() -> None:
    rows = [{**row, "loss": float("nan")} if row["step"] == 3 else row for row in metrics(9)]
    assert "nan" not in learning_curve(json.loads(json.dumps(rows)))
