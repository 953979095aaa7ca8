"""Highlights: harmless in HTML and in a terminal, in 80 columns, and true to the numbers."""

import re
from html.parser import HTMLParser

import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import stance
from stance.reporting.escaping import visible, width
from stance.reporting.highlight_drawing import render_page
from stance.reporting.highlights import highlight, highlight_sentence

ANY_TEXT = st.text(st.characters(categories=["L", "M", "N", "P", "S", "Z", "C"]), max_size=120)
ANSI = re.compile(r"\x1b\[[0-9;]*m")
SENTENCE = "Moscow backs the truce, though Tehran rejects it."


@pytest.fixture(scope="module")
def classifier():
    verbs = {"favor": ["backs", "hails"], "against": ["rejects", "scorns"], "none": ["notes", "lists"]}
    rows = [(f"Moscow {verb} the truce.", label) for label, said in verbs.items() for verb in said] * 2
    X = pd.DataFrame({"text": [text for text, _ in rows], "holder": "russia", "target": "the truce"})
    return stance.StanceClassifier().fit(X, [label for _, label in rows])


class _Reader(HTMLParser):
    """Collect the tags, the attributes and the text of the first paragraph."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.attributes, self.text, self.inside = [], [], "", False
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        self.inside = self.inside or (tag == "p" and ("dir", "auto") in attrs)

    def handle_endtag(self, tag):
        self.inside = self.inside and tag != "p"

    def handle_data(self, data):
        self.text += data if self.inside else ""


def test_words_and_rest_add_up_to_the_score(classifier):
    (found,) = highlight(classifier, [SENTENCE], label="against")
    assert found.label == "against"
    assert found.score == pytest.approx(classifier.decision_function([SENTENCE])[0, 0])
    assert found.score == pytest.approx(sum(w.contribution for w in found.words) + sum(found.rest.values()))


def test_mentions_are_shown_as_they_are_and_count_as_one_word(classifier):
    found = highlight_sentence(classifier, SENTENCE, holder="russia", target="the truce")
    words = [SENTENCE[w.start : w.end] for w in found.words]
    assert words == ["Moscow", "backs", "the truce", ",", "though", "Tehran", "rejects", "it", "."]
    assert "role" not in found.to_html()
    assert found.words[2].contribution != 0


def test_blue_adds_and_orange_takes(classifier):
    (found,) = highlight(classifier, [SENTENCE], label="favor")
    marks = re.findall(r'<mark title="(.)[0-9.]+" style="[^"]*rgba\((\d+), [^"]*">(\w+)</mark>', found.to_html())
    assert ("+", "0", "backs") in marks
    assert ("−", "213", "rejects") in marks
    assert {(sign, red) for sign, red, _ in marks} == {("+", "0"), ("−", "213")}
    coloured = found.to_terminal(colour=True)
    assert re.search(r"48;5;(153|75|32);\S+mbacks", coloured)
    assert re.search(r"48;5;(223|214|166);\S+mrejects", coloured)


def test_colours_are_off_where_nobody_sees_them(classifier, monkeypatch):
    (found,) = highlight(classifier, [SENTENCE])
    assert "\x1b" not in found.to_terminal()
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert "\x1b" in found.to_terminal()
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in found.to_terminal()
    assert "\x1b" not in found.to_terminal(colour=False)


def test_no_word_is_lost_from_the_bars(classifier):
    (found,) = highlight(classifier, [SENTENCE + " It notes, lists and hails what scorns it, and that Moscow backs."])
    numbers = re.findall(r"^ +([+−][0-9.]+)  (.+?) *█*$", found.to_terminal().split("feature")[0], re.M)
    rest = {f"({kind})" for kind in found.rest}
    assert rest == {"(intercept)", "(polarity)"}
    assert {name for _, name in numbers[-len(rest) :]} == rest
    assert numbers[-len(rest) - 1][1].endswith(" other words)")
    total = sum(float(number.replace("−", "-")) for number, _ in numbers)
    assert total == pytest.approx(found.score, abs=0.005 * len(numbers) + 0.005)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ANY_TEXT)
@example("<script>alert(1)</script> & \"quoted\" 'backs' {{ 7 * 7 }} \x1b[31m \u202e \u2028 伊朗支持俄罗斯" * 3)
def test_any_text_is_harmless_and_whole(classifier, text):
    (found,) = highlight(classifier, [text], label="favor")
    page = render_page([found])
    read = _Reader(page)
    assert not {"script", "img", "a", "link", "iframe"} & set(read.tags)
    assert not [name for name, _ in read.attributes if name.startswith("on") or name in ("src", "href")]
    shown = " ".join("".join(visible(c) or " " for c in text).split())
    assert " ".join(read.text.split()) == shown
    coloured = found.to_terminal(colour=True)
    assert ANSI.sub("", coloured).splitlines()[1:] == found.to_terminal(colour=False).splitlines()[1:]
    assert all(c.isprintable() or c in "\n\u200c\u200d" for c in ANSI.sub("", coloured))
    assert all(width(line) <= 80 for line in ANSI.sub("", coloured).splitlines())
    page.encode()
    coloured.encode()


def test_a_notebook_shows_the_fragment(classifier):
    (found,) = highlight(classifier, [SENTENCE])
    assert found._repr_html_() == found.to_html()
    assert found.to_html() in render_page([found])


def test_two_sentences_make_one_page(classifier):
    page = render_page(highlight(classifier, [SENTENCE, "So be it."]))
    assert page.count('class="stance-highlight"') == 2
    assert "default-src 'none'" in page
