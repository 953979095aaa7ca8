"""Where texts name actors, and whom phrases name."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stance.text.actors import Actor, load_actors
from stance.text.mentions import ActorLexicon, Mention

LEXICON = ActorLexicon(load_actors())
WEAK = ActorLexicon(load_actors(), weak=True)
NAMES = sorted(n for a in load_actors().values() for n in (*a.names, *a.any_case))
# Every code point, lone surrogates and NUL included, and the stuff that names are made of.
ANY_TEXT = st.lists(
    st.one_of(
        st.text(st.characters(categories=["L", "M", "N", "P", "S", "Z", "C"]), max_size=8),
        st.sampled_from([*NAMES, " ", "'s", "’s", "-", "#", "@", "\0", "\ud800", "\u0301", "trump card", "https://"]),
    ),
    max_size=12,
).map("".join)


def spans(text, lexicon=LEXICON):
    return [(m.name, m.text) for m in lexicon.find(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The Kremlin's spokesman spoke.", [("russia", "Kremlin")]),
        ("Trump’s rallies, the Guards' boats, Israel's navy", [("trump", "Trump"), ("israel", "Israel")]),
        ("TRUMP WARNS IRAN", [("trump", "TRUMP"), ("iran", "IRAN")]),
        ("The Islamic Republic of Iran replied.", [("iran", "Islamic Republic of Iran")]),
        (
            "Russian Federation, Russian, Russianness",
            [("russia", "Russian Federation"), ("russia", "Russian")],
        ),
        ("Russian President Vladimir Putin flew home", [("russia", "Russian President Vladimir Putin")]),
        ("Iran-backed crews, US-Russian talks", [("iran", "Iran"), ("russia", "Russian")]),
        (
            "pro-Israel, anti-Iran and Israeli-occupied",
            [("israel", "Israel"), ("iran", "Iran"), ("israel", "Israeli")],
        ),
        ("#Russia #iran #Trump2024 #trumpcard", [("russia", "Russia"), ("iran", "iran")]),
        ("#trump is trending", [("trump", "trump")]),
        (
            "@realDonaldTrump and @REALDONALDTRUMP",
            [("trump", "@realDonaldTrump"), ("trump", "@REALDONALDTRUMP")],
        ),
        ("@KremlinRussia_E posted", [("russia", "@KremlinRussia_E")]),
        ("@IranFan writes to info@Israel.example", []),
        ("see https://example.org/Trump/Iran now, Iran", [("iran", "Iran")]),
        (
            "“Iran”, ‘Israel’ (Russia) Trump.It",
            [("iran", "Iran"), ("israel", "Israel"), ("russia", "Russia"), ("trump", "Trump")],
        ),
        ("moscow says no, iran says yes", [("russia", "moscow"), ("iran", "iran")]),
        ("Hearts trump clubs; he trumped her, she trumps all, to trump a trick", []),
        ("He held a Trump card and a TRUMP CARD.", []),
        ("Ivanka Trump, Melania Trump and Donald Trump Jr. met Eric Trump at Trump Tower", []),
        ("The Trump Organization sued Trump University, Mrs. Trump said", []),
        ("A Moscow mule in Moscow, Idaho; russian roulette; Iran-Contra; Iran–Contra", []),
        ("Israel Folau met Steve Israel and Sheriff Israel", []),
        ("The Islamic Republic of Pakistan", []),
        (
            "Israel Katz met Yoav Gallant's deputy, a gallant man",
            [("israel", "Israel Katz"), ("israel", "Yoav Gallant")],
        ),
        ("Revolutionary guards and Revolutionary Guards", [("iran", "Revolutionary Guards")]),
        ("the islamic republic of Iran", [("iran", "Iran")]),
        ("Donald  J.\nTrump", [("trump", "Donald  J.\nTrump")]),
        ("Trump’s White House", [("trump", "Trump’s White House")]),
        ("The White House and Jerusalem", []),
        ("Irán, Iran\u0301, Irani, Tiran, _Iran_", []),
        ("", []),
    ],
)
def test_find(text, expected):
    assert spans(text) == expected


def test_find_counts_code_points():
    assert LEXICON.find("🕊🕊 Iran") == [Mention("iran", 3, 7, "Iran")]


def test_weak_names_count_on_demand():
    text = "The White House told Jerusalem"
    assert spans(text) == []
    assert spans(text, WEAK) == [("trump", "White House"), ("israel", "Jerusalem")]


def test_apostrophes_and_hyphens_come_in_every_make():
    assert [m.name for m in LEXICON.find("Gideon Sa’ar, Gideon Sa'ar, Amir‑Abdollahian, Amir-Abdollahian")] == [
        *["israel"] * 2,
        *["iran"] * 2,
    ]


def test_an_empty_lexicon_finds_nothing():
    assert ActorLexicon({}).find("Trump, @Iran, https://x.example") == []


@pytest.mark.parametrize("name", NAMES)
def test_every_listed_name_names_its_actor(name):
    (found,) = LEXICON.find(name)
    assert found.text == name
    assert LEXICON.actor_of(name) == found.name
    assert [m.name for m in LEXICON.find(name.upper())] == [found.name]


@given(ANY_TEXT)
def test_spans_slice_back_sorted_and_apart(text):
    at = 0
    for found in LEXICON.find(text):
        assert at <= found.start < found.end <= len(text)
        assert text[found.start : found.end] == found.text
        assert found.name in LEXICON.actors
        at = found.end
    LEXICON.actor_of(text)


@given(st.sampled_from(NAMES), st.text("bdgq ,.;()\n", max_size=30), st.text("bdgq ,.;()\n", max_size=30))
def test_a_name_in_neutral_padding_is_found(name, before, after):
    text = f"{before} {name} {after}"
    (found,) = LEXICON.find(text)
    assert (found.start, found.text) == (len(before) + 1, name)


@pytest.mark.parametrize(
    "unit",
    [
        "a",
        " ",
        "T",
        "@",
        "(",
        "#",
        "\u0301",
        "I",
        "@a ",
        "http://",
        "www.",
        "Trump ",
        "trump card ",
        "islamic  ",
        "Islamic \t\n",
    ],
)
def test_a_million_characters_take_a_moment(unit):
    text = (unit * (1_000_000 // len(unit) + 1))[:1_000_000]
    began = time.process_time()
    LEXICON.find(text)
    # A quadratic search takes minutes; many mentions take as long as they are many.
    assert time.process_time() - began < (1 if len(unit) == 1 else 3)


@pytest.mark.parametrize(
    ("phrase", "expected"),
    [
        ("President Donald Trump", "trump"),
        ("Russian President Vladimir Putin", "russia"),
        ("Kremlin", "russia"),
        ("Netanyahu", "israel"),
        ("the Islamic Republic", "iran"),
        ("Mr. Trump’", "trump"),
        ('" Trump', "trump"),
        ("Trump himself", "trump"),
        ("Trump’s State Department", "trump"),
        ("a defiant President Trump", "trump"),
        ("GOP frontrunner Donald Trump", "trump"),
        ("then-President-elect Donald Trump", "trump"),
        ("the Russian foreign ministry", "russia"),
        ("Israeli Foreign Ministry", "israel"),
        ("Iran's fisheries envoy", "iran"),
        ("the Israeli water ministry", "israel"),
        ("the government of Iran", "iran"),
        ("Iranian Foreign Minister Zarif", "iran"),
        ("Trump-Putin", None),
        ("Trump and Netanyahu", None),
        ("Trump Pence", None),
        ("pro-Russian", None),
        ("an Iran-backed militia", None),
        ("never Trump", None),
        ("Donald Trump Jr.", None),
        ("Ivanka Trump", None),
        ("Trump Tower", None),
        ("Rosamund Trump", None),
        ("former Trump campaign chairman Sam Poe", None),
        ("Russian oligarch Ivan Poe", None),
        ("Russian opposition spokesman", None),
        ("Sam Poe on Iran", None),
        ("Sam Poe, who met Donald Trump", None),
        ("Sam Poe's Trump", None),
        ("Trump, whom she admires", None),
        ("The White House", None),
        ("", None),
    ],
)
def test_actor_of(phrase, expected):
    assert LEXICON.actor_of(phrase) == expected


def test_actors_of_keeps_the_order_of_its_rows():
    phrases = ["Putin", "Paris", "Trump", "Putin"] * 10_000
    assert LEXICON.actors_of(phrases) == ["russia", None, "trump", "russia"] * 10_000
    assert LEXICON.actors_of([]) == []


def test_an_own_actor_is_found_beside_the_shipped_ones():
    nato = Actor("nato", "NATO", "#111111", ("NATO",), excluded=("NATO phonetic alphabet",))
    lexicon = ActorLexicon({**load_actors(), "nato": nato})
    assert spans("NATO warned Russia in the NATO phonetic alphabet", lexicon) == [
        ("nato", "NATO"),
        ("russia", "Russia"),
    ]
