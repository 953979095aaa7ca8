"""Reports: what is written where, the same bytes each time, nothing that acts."""

import csv
import re
from html.parser import HTMLParser

import pytest

from stance.core.errors import InputError, MissingDataError
from stance.reporting.escaping import markdown, visible
from stance.reporting.leaderboard import make_boards
from stance.reporting.report import report
from stance.running.published import PublishedSet
from tests.reporting.conftest import predictions

PAYLOADS = [
    "<script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "</text></svg><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "<svg/onload=alert(1)>",
    "<iframe src=javascript:alert(1)>",
    "{{ 7 * 7 }}{% include 'x' %}",
    "![x](http://evil.example/x.png)",
    "[x](javascript:alert(1))",
    "`</code>` | <details open ontoggle=alert(1)>",
    "<!-- --><base href=http://evil.example>",
    "]]><style>*{background:url(http://evil.example)}</style>",
    "http://evil.example www.evil.example",
    "\x1b[31m\u202e\x00\ud800 gnp",
    "$\\href{http://evil.example}{x}$",
]
VOID = {"meta", "br"}
CSP = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


class Page(HTMLParser):
    """Tags, attributes and the text of a page."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.tags, self.attributes, self.texts, self.open, self.bdi = [], [], [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, *one) for one in attrs]
        if tag not in VOID:
            self.open.append(tag)
        if tag == "bdi":
            self.bdi.append("")

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, *one) for one in attrs]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)
        if "bdi" in self.open:
            self.bdi[-1] += data


def is_harmless(page):
    assert not page.open
    allowed = {
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "h1",
        "h2",
        "h3",
        "p",
        "nav",
        "ul",
        "li",
        "a",
        "main",
    }
    allowed |= {
        "section",
        "div",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "figure",
        "details",
        "summary",
        "dl",
        "dt",
    }
    allowed |= {"dd", "bdi", "svg", "defs", "g", "path", "use", "text", "clippath", "rect"}
    assert set(page.tags) <= allowed
    for _, name, value in page.attributes:
        assert not name.startswith("on")
        if name in ("src", "href", "xlink:href", "action", "srcset", "data", "poster"):
            assert value.startswith("#")
        if name in ("style", "clip-path") and "url(" in value:
            assert "url(#" in value
    assert ("meta", "content", CSP) in page.attributes


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_payload_is_live_in_any_field(make_results, payload, tmp_path):
    name = payload.replace("\ud800", "")  # which no corpus file can hold
    labels = ("favor", name)
    table = predictions(0, actors=(name, "iran"), labels=labels)
    failure = {"title": payload, "status": "error", "cause": payload}
    fields = dict.fromkeys(("name", "title", "citation", "licence", "terms", "version"), payload)
    made = make_results(
        [(name, name, None, table), ("svm", name, None, table)],
        failures=[failure],
        warn=payload,
        notes=[payload],
        labels=labels,
        sha256="a" * 64,
        **(fields | {"name": "toy"}),
    )
    html, md, tex, *_ = report(made, tmp_path / "out", ["html", "md", "tex"])
    page = Page(html.read_text(encoding="utf-8"))
    is_harmless(page)
    shown = visible(payload, marks=True)
    assert page.bdi.count(shown) >= 8
    said = md.read_text(encoding="utf-8")
    assert markdown(payload) in said
    assert len(re.findall(r"(?<!\\)\]\(", said)) == 1
    assert "<" not in said.replace("\\<", "")
    assert "http:" not in said
    assert "\x1b" not in said
    assert "\\href" not in tex.read_text(encoding="utf-8")


def numbers(**fields):
    known = {"corpus": "toy", "scheme": "stance", "test": "test", "metric": "f_avg", "source": "Nobody 2026"}
    return PublishedSet(**({"values": {"BERT": 71.2}} | known | fields))


def test_published_numbers_stand_apart_and_are_not_ranked(make_results, tmp_path, monkeypatch):
    monkeypatch.setattr("stance.running.published.read_published", lambda: (numbers(caveat="leaky split"),))
    made = make_results([("svm", "test", None, predictions(0)), ("svm", "other", None, predictions(0))])
    html, md, sheet, *_ = report(made, tmp_path / "x.html", ["html", "md", "csv"])
    page = Page(html.read_text())
    is_harmless(page)
    assert page.texts.count("Published, not run here") == 1
    said = md.read_text()
    assert said.count("### Published, not run here") == 1
    assert "| BERT | F-avg | 0.712 | Nobody 2026 | leaky split |" in said
    ours = said.split("### Published")[0]
    assert "BERT" not in ours
    assert "BERT" not in sheet.read_text()
    assert [[row.classifier for row in board.rows] for board in make_boards(made)] == [["svm"], ["svm"]]
    clean = make_results([("svm", "test", None, predictions(0))], protocol="official-clean")
    assert "Published" not in report(clean, tmp_path / "y.md", ["md"])[0].read_text()


def test_what_tuning_chose_is_shown(make_results, tmp_path):
    cells = [("svm", "test", None, predictions(0)), ("tuned", "test", None, predictions(0))]
    cells += [("tuned", "test", 1, predictions(1))]
    html, md, *_ = report(make_results(cells, tuned={"word_ngrams": [1, 2], "C": 0.3}), tmp_path / "x.html")
    page, said = Page(html.read_text()), md.read_text().replace("\\", "")
    is_harmless(page)
    assert page.texts.count("Chosen by inner cross-validation") == 2  # in the contents, and above the table
    row = ["tuned", "toy", "stance", "official", "test", "C = 0.3, word_ngrams = [1, 2]", "0.613"]
    at = page.bdi.index(row[5])
    assert page.bdi[at - 5 : at + 2] == row
    assert f"| {' | '.join(row)} |" in said
    assert said.count("test, seed 1 | C = 0.3") == 1
    assert "C = 0.3, C from [0.3], word_ngrams from [[1, 2]]" in said
    assert "the search not counted" in said
    assert "the search not counted" in " ".join(page.texts)
    untuned = report(make_results(cells), tmp_path / "y.html")
    assert not any("Chosen by" in path.read_text() for path in untuned[:2])


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_payload_is_live_in_a_choice(make_results, tmp_path, payload):
    said = payload.replace("\ud800", "")
    made = make_results([("tuned", "test", None, predictions(0))], tuned={said: said})
    html, md, *_ = report(made, tmp_path / "x.html")
    page = Page(html.read_text(encoding="utf-8"))
    is_harmless(page)
    assert visible(f"{said} = {said}", marks=True) in page.bdi
    assert f"| {markdown(f'{said} = {said}')} | 0.613 |" in md.read_text(encoding="utf-8")


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_payload_is_live_in_a_published_number(make_results, tmp_path, payload, monkeypatch):
    said = payload.replace("\ud800", "")  # which no TOML file can hold
    wrong = numbers(values={said: 50.0}, source=said, caveat=said)
    monkeypatch.setattr("stance.running.published.read_published", lambda: (wrong,))
    html, md, *_ = report(make_results([("svm", "test", None, predictions(0))]), tmp_path / "x.html")
    page = Page(html.read_text(encoding="utf-8"))
    is_harmless(page)
    assert page.bdi.count(visible(said, marks=True)) == 3
    row = next(line for line in md.read_text(encoding="utf-8").splitlines() if "0.500" in line and "F-avg" in line)
    assert row == f"| {markdown(said)} | F-avg | 0.500 | {markdown(said)} | {markdown(said)} |"


def test_results_written_twice_are_the_same_bytes(results, tmp_path):
    every = ["html", "md", "csv", "tex"]
    first = [path.read_bytes() for path in report(results, tmp_path / "a.html", every)]
    assert first == [path.read_bytes() for path in report(results.folder, tmp_path / "b.html", every)]
    assert len(first) == 5


def test_reports_go_where_they_are_wanted(results, tmp_path):
    assert [path.name for path in report(results)] == ["report.html", "report.md", "accuracy_throughput.png"]
    assert (results.folder / "report.html").is_file()
    assert report(results, tmp_path / "new" / "x.html", "csv") == [tmp_path / "new" / "x.csv"]
    assert report(results, str(tmp_path), ("tex",)) == [tmp_path / "report.tex"]
    assert report(results, tmp_path / "v1.2", ("tex",)) == [tmp_path / "v1.2.tex"]
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["x.csv"]


def test_an_unknown_format_writes_nothing(results, tmp_path):
    with pytest.raises(InputError, match=r'format "htlm" is not known \(did you mean "html"'):
        report(results, tmp_path / "x.html", ["md", "htlm"])
    with pytest.raises(InputError, match="formats: none is given"):
        report(results, tmp_path / "x.html", [])
    with pytest.raises(MissingDataError, match=r"holds no results\.json"):
        report(tmp_path / "nowhere", formats=["md"])
    assert not (tmp_path / "x.md").exists()


def test_every_section_is_there(results, tmp_path):
    html, md, _ = report(results, tmp_path / "x.html")
    page, said = " ".join(Page(html.read_text()).texts), md.read_text().replace("\\", "")
    for part in (
        "toy · stance · official · test",
        "120 test sentences in 20 groups",
        "toy/stance/official/test/encoder",
        "out of memory",
        "over 2,000 MB",
        "ConvergenceWarning: it did not converge",
        "CC0-1.0",
        "Nobody. 2026. A toy.",
        "Do as you like.",
        "a" * 64,
        "An invented processor, 2 cores, 8.0 GB memory",
        "C = 0.3",
        "F1 Iran",
        "model, kB",
    ):
        assert part in page, part
        assert part in said, part
    assert "![Macro-F1 against predicted sentences per second](accuracy_throughput.png)" in md.read_text()


def test_without_clocks_there_is_no_speed_and_no_picture(make_results, tmp_path):
    made = make_results([("svm", "test", None, predictions(0))], timed=False)
    html, md = report(made, tmp_path / "x.html")
    assert "accuracy_throughput" not in md.read_text()
    assert "Speed" not in Page(html.read_text()).texts
    assert "All 1 cells finished." in html.read_text()


def test_without_a_finished_cell_the_failures_are_reported(make_results, tmp_path):
    failure = {"title": "toy/stance/official/test/svm", "status": "timeout", "cause": "over 10 s"}
    for path in report(make_results([], failures=[failure]), tmp_path / "x.html", ["html", "md", "csv", "tex"]):
        assert path.suffix in (".csv", ".tex") or "over 10 s" in path.read_text()


def test_the_csv_has_a_row_a_metric_and_no_formula(make_results, tmp_path):
    made = make_results([("=cmd|' /C calc'!A0", "+1", None, predictions(0)), ("svm", "+1", None, predictions(1))])
    (path,) = report(made, tmp_path / "x.csv", ["csv"])
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * 3
    assert {row["classifier"] for row in rows} == {"'=cmd|' /C calc'!A0", "svm"}
    assert {row["test"] for row in rows} == {"'+1"}
    assert all(row["fit_sentences_per_second"] == "5000.0" for row in rows)
    assert all(0 <= float(row["low"]) <= float(row["value"]) <= float(row["high"]) <= 1 for row in rows)
    (behind,) = (row for row in rows if row["behind_first"])
    assert behind["metric"] == "macro_f1"
    assert -1 <= float(behind["behind_low"]) <= float(behind["behind_first"]) <= float(behind["behind_high"]) <= 1
    assert 0 < float(behind["behind_p_value"]) <= 1


def test_tex_tables_are_escaped(make_results, tmp_path):
    made = make_results([("50%_of & \\input{x}", "test", None, predictions(0))])
    said = report(made, tmp_path / "x.tex", ["tex"])[0].read_text()
    assert "50\\%\\_of \\& \\textbackslash{}input\\{x\\} & 0." in said
    assert said.count("\\toprule") == said.count("\\bottomrule") == 2
