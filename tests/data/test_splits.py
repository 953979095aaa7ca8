"""Splits: what each protocol promises, on corpora drawn at random and on our own."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stance.core.errors import InputError
from stance.core.schemes import SCHEMES, STANCE
from stance.data.corpora import FRAME, Corpus, load_corpus
from stance.data.sheets import Sheet, check_model
from stance.data.splits import N_FOLDS, PROTOCOLS, default_protocol, dev_rows, make_folds
from stance.text.folding import fold

TEXTS = ["Truce now", "truce NOW!", "No truce", "Raids on", "[Raids] on.", "🕊", "💣"]
OFFICIAL = {"train": ["train"], "dev": ["dev"], "tests": ["test", "test2"]}


def corpus_of(rows, scheme="stance", **part):
    """Return a corpus of (text, label, actor, group, split) rows; the target is the actor."""
    sheet = {
        "name": "own",
        "title": "t",
        "version": "1",
        "files": [{"path": "a.csv"}],
        "schemes": {scheme: part},
    }
    keys = ("text", "label", "actor", "group", "split")
    dicts = [dict(zip(keys, row, strict=True)) | {"id": str(i), "target": row[2]} for i, row in enumerate(rows)]
    table = pa.Table.from_pylist(dicts, schema=FRAME)
    return Corpus("own", SCHEMES[scheme], check_model(sheet, Sheet, "own"), table)


def drawn(seed):
    """Return a corpus of 0 to 120 rows: leaks, shared groups, rows without an actor or a split."""
    rng = np.random.default_rng(seed)
    n_groups, n_texts = rng.integers(1, 25, 2)
    splits = ["train", "train", "train", "dev", "test", "test2", None]
    rows = [
        (
            rng.choice(TEXTS) if rng.random() < 0.1 else f"{rng.choice(TEXTS)} {rng.integers(n_texts * 10)}",
            STANCE.labels[rng.integers(3)],
            [None, "iran", "israel", "russia"][rng.integers(4)],
            f"g{rng.integers(n_groups)}",
            splits[rng.integers(len(splits))],
        )
        for _ in range(rng.integers(120))
    ]
    return corpus_of(rows, **(OFFICIAL if rng.random() < 0.7 else {}))


corpora = st.integers(0, 2**32).map(drawn)


def folds_of(corpus, protocol):
    """Return the folds, or none where the corpus cannot be split so and says why in a line."""
    try:
        return make_folds(corpus, protocol)
    except InputError as error:
        if not str(error).startswith("own: ") or "\n" in str(error):
            raise
        return []


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_what_is_drawn_can_mostly_be_split(protocol):
    assert sum(bool(folds_of(drawn(seed), protocol)) for seed in range(60)) >= 25


def column(corpus, name, rows):
    return np.array(corpus.table.column(name).to_pylist(), dtype=object)[rows]


@pytest.mark.parametrize("protocol", PROTOCOLS)
@settings(deadline=None)
@given(corpora)
def test_train_and_test_are_apart_and_in_order(protocol, corpus):
    for one in folds_of(corpus, protocol):
        for rows in (one.train, one.test):
            assert len(rows)
            assert (np.diff(rows) > 0).all()
            assert 0 <= rows[0] <= rows[-1] < corpus.table.num_rows
        assert not set(one.train) & set(one.test)
        assert type(one.name) is str


@pytest.mark.parametrize("protocol", PROTOCOLS)
@settings(deadline=None)
@given(corpora)
def test_the_folds_are_everybody_s(protocol, corpus):
    for first, again in zip(folds_of(corpus, protocol), folds_of(corpus, protocol), strict=True):
        assert first.name == again.name
        assert first.train.tolist() == again.train.tolist()
        assert first.test.tolist() == again.test.tolist()


@settings(deadline=None)
@given(corpora)
def test_official_is_the_sheet_s(corpus):
    for one in folds_of(corpus, "official"):
        splits = np.array(corpus.table.column("split").to_pylist(), dtype=object)
        assert one.test.tolist() == np.flatnonzero(splits == one.name).tolist()
        assert one.train.tolist() == np.flatnonzero(splits == "train").tolist()


@settings(deadline=None)
@given(corpora)
def test_official_clean_shares_no_text(corpus):
    def folded(rows):
        return [fold(text) or text for text in column(corpus, "text", rows)]

    plain = {one.name: one for one in folds_of(corpus, "official")}
    splits = np.array(corpus.table.column("split").to_pylist(), dtype=object)
    dev = np.flatnonzero(splits == "dev")
    for one in folds_of(corpus, "official-clean"):
        whole = plain[one.name]
        known = {*folded(whole.train), *folded(dev)}
        assert not set(folded(one.test)) & known
        assert not set(folded(one.train)) & set(folded(whole.test))
        # Nothing else was dropped.
        assert len(one.test) == sum(text not in known for text in folded(whole.test))
        assert len(one.train) == sum(text not in set(folded(whole.test)) for text in folded(whole.train))


@pytest.mark.parametrize("protocol", PROTOCOLS)
@settings(deadline=None)
@given(corpora)
def test_dev_holds_no_text_or_group_of_train_or_test_and_lacks_no_other(protocol, corpus):
    texts = np.array([fold(text) or text for text in corpus.table.column("text").to_pylist()], dtype=object)
    splits = np.array(corpus.table.column("split").to_pylist(), dtype=object)
    groups = column(corpus, "group", slice(None))
    others = np.isin(splits, ["train", "test", "test2"])
    met = {*texts[others], *groups[others]}
    expected = [row for row in np.flatnonzero(splits == "dev") if not met & {texts[row], groups[row]}]
    for one in folds_of(corpus, protocol):
        assert one.dev.tolist() == (expected if protocol.startswith("official") else [])


def test_dev_that_is_learned_from_is_not_held_out_as_well():
    rows = [("Truce now", "favor", "iran", "g1", "train"), ("No truce", "against", "iran", "g2", "dev")]
    assert dev_rows(corpus_of(rows, train=["train"], dev=["dev"], tests=["test"])).tolist() == [1]
    assert dev_rows(corpus_of(rows, train=["train", "dev"], dev=["dev"], tests=["test"])).tolist() == []


@settings(deadline=None)
@given(corpora)
def test_grouped_kfold_splits_no_group_and_reads_no_official_test(corpus):
    folds = folds_of(corpus, "grouped-kfold")
    if not folds:
        return
    official = set(corpus.sheet.schemes["stance"].tests)
    open_rows = [i for i, split in enumerate(corpus.table.column("split").to_pylist()) if split not in official]
    assert [one.name for one in folds] == ["1", "2", "3", "4", "5"]
    assert sorted(np.concatenate([one.test for one in folds]).tolist()) == open_rows
    for one in folds:
        assert sorted([*one.train, *one.test]) == open_rows
        assert not set(column(corpus, "group", one.train)) & set(column(corpus, "group", one.test))


@settings(deadline=None)
@given(corpora)
def test_leave_one_actor_out_trains_on_the_others_alone(corpus):
    part = corpus.sheet.schemes["stance"]
    for one in folds_of(corpus, "leave-one-actor-out"):
        assert set(column(corpus, "actor", one.test)) == {one.name}
        actors = set(column(corpus, "actor", one.train))
        assert not actors & {one.name, None}
        assert not set(column(corpus, "group", one.train)) & set(column(corpus, "group", one.test))
        if part.tests:
            assert set(column(corpus, "split", one.test)) <= set(part.tests)
            assert set(column(corpus, "split", one.train)) <= set(part.train)
        # Nothing else was dropped.
        tested = set(column(corpus, "group", one.test))
        wanted = [
            i
            for i, kept in enumerate(corpus.table.to_pylist())
            if kept["actor"] not in (one.name, None)
            and kept["group"] not in tested
            and (not part.tests or kept["split"] in part.train)
        ]
        assert one.train.tolist() == wanted


def of_targets(targets, **part):
    """Return a corpus of (split, target) rows, trained per target."""
    rows = [(f"Text {i}", "favor", None, f"g{i}", split) for i, (split, _) in enumerate(targets)]
    corpus = corpus_of(rows, **({"tests": ["test"], "train_per": "target"} | part))
    column = pa.array([target for _, target in targets], pa.string())
    table = corpus.table.set_column(corpus.table.schema.get_field_index("target"), "target", column)
    return Corpus(corpus.name, corpus.scheme, corpus.sheet, table)


PER_TARGET = [*[("train", t) for t in "abba"], ("train", None), ("test", "b"), ("test", "a"), ("test", "b")]


@pytest.mark.parametrize("protocol", ["official", "official-clean"])
def test_each_target_of_a_test_is_a_fold_trained_on_its_own_rows(protocol):
    folds = make_folds(of_targets(PER_TARGET), protocol)
    found = {one.name: (one.train.tolist(), one.test.tolist()) for one in folds}
    assert found == {"test: b": ([1, 2], [5, 7]), "test: a": ([0, 3], [6])}
    more = of_targets([*PER_TARGET, ("dev", "a"), ("dev", "b"), ("dev", "c"), ("dev", None)], dev=["dev"])
    assert {one.name: one.dev.tolist() for one in make_folds(more, protocol)} == {"test: b": [9], "test: a": [8]}
    (whole,) = make_folds(of_targets(PER_TARGET, train_per=None), protocol)
    assert (whole.train.tolist(), whole.test.tolist()) == ([0, 1, 2, 3, 4], [5, 6, 7])


def test_a_test_of_one_target_keeps_its_name_and_trains_on_that_target_alone():
    rows = [("train", "a"), ("train", "b"), ("test_b", "b"), ("test_a", "a")]
    folds = make_folds(of_targets(rows, tests=["test_a", "test_b"]), "official")
    assert [(one.name, one.train.tolist(), one.test.tolist()) for one in folds] == [
        ("test_a", [0], [3]),
        ("test_b", [1], [2]),
    ]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([("train", "a"), ("test", None)], 'own: train_per = "target", but 1 rows of test name no target'),
        ([("train", "a"), ("test", "b")], "own: official, test: no train rows"),
        ([("train", "a"), ("test", "a"), ("test", "b")], "own: official, test: b: no train rows"),
        ([("train", "a")], "own: official, test: no test rows"),
    ],
)
def test_a_target_that_cannot_be_trained_says_why(rows, said):
    with pytest.raises(InputError) as caught:
        make_folds(of_targets(rows), "official")
    assert str(caught.value).startswith(said)


def simple(n_groups=10, labels=("favor", "against"), actors=("iran", "israel"), split="train"):
    return [
        (f"Text {g} {label}", label, actors[g % len(actors)], f"g{g}", split)
        for g in range(n_groups)
        for label in labels
    ]


def test_each_protocol_does_split_what_can_be_split():
    rows = [*simple(), ("Other", "favor", "iran", "t1", "test"), ("Else", "favor", "israel", "t2", "test")]
    corpus = corpus_of(rows, tests=["test"])
    assert {name: len(make_folds(corpus, name)) for name in PROTOCOLS} == {
        "official": 1,
        "official-clean": 1,
        "grouped-kfold": 5,
        "leave-one-actor-out": 2,
        "leave-one-target-out": 2,
    }


@pytest.mark.parametrize("scheme", ["stance", "sentiment"])
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_our_own_corpus_can_be_split_by_all(scheme, protocol):
    corpus = load_corpus("four_actors", scheme)
    for one in make_folds(corpus, protocol):
        assert set(column(corpus, "label", one.train)) == set(corpus.scheme.labels)
        if protocol != "leave-one-target-out":  # a rare target has a handful of test rows
            assert set(column(corpus, "label", one.test)) == set(corpus.scheme.labels)
        assert not set(column(corpus, "group", one.train)) & set(column(corpus, "group", one.test))


def test_a_target_left_out_is_not_learned_from():
    corpus = load_corpus("four_actors", "stance")
    folds = make_folds(corpus, "leave-one-target-out")
    assert len(folds) > 5
    for one in folds:
        assert set(column(corpus, "target", one.test)) == {one.name}
        assert one.name not in column(corpus, "target", one.train)


def test_the_folds_of_grouped_kfold_are_alike():
    corpus = load_corpus("four_actors", "stance")
    sizes = [len(one.test) for one in make_folds(corpus, "grouped-kfold")]
    assert len(sizes) == N_FOLDS
    assert max(sizes) < 1.1 * min(sizes)


def test_the_default_is_official_where_the_sheet_names_tests():
    assert default_protocol(corpus_of(simple(), tests=["test"])) == "official"
    assert default_protocol(corpus_of(simple())) == "grouped-kfold"


RAISES = {
    "no official test": (
        "official",
        simple(),
        {},
        "own: has no official test; use the protocol grouped-kfold",
    ),
    "no clean one": (
        "official-clean",
        simple(),
        {},
        "own: has no official test; use the protocol grouped-kfold",
    ),
    "no such test": ("official", simple(), {"tests": ["test"]}, "own: official, test: no test rows"),
    "no such train": (
        "official",
        simple(split="test"),
        {"tests": ["test"]},
        "own: official, test: no train rows",
    ),
    "all of it leaked": (
        "official-clean",
        [("A b", "favor", None, "g", "train"), ("a B.", "favor", None, "h", "test")],
        {"tests": ["test"]},
        "own: official-clean, test: no train rows",
    ),
    "few groups": ("grouped-kfold", simple(4), {}, "own: 4 groups are too few for 5 folds"),
    "nothing": ("grouped-kfold", [], {}, "own: 0 groups are too few for 5 folds"),
    "nothing but a test": (
        "grouped-kfold",
        simple(split="test"),
        {"tests": ["test"]},
        "own: 0 groups are too few",
    ),
    "rare label": (
        "grouped-kfold",
        [*simple(), *[("None", "none", None, "g1", None)] * 4],
        {},
        'own: label "none" has 4 rows, fewer than the 5 folds; add rows or drop the label',
    ),
    "one actor": (
        "leave-one-actor-out",
        simple(actors=["iran"]),
        {},
        "own: leave-one-actor-out wants 2 to 100 actors, the rows name 1",
    ),
    "no actor": (
        "leave-one-actor-out",
        simple(actors=[None]),
        {},
        "own: leave-one-actor-out wants 2 to 100 actors, the rows name 0",
    ),
    "too many targets": (
        "leave-one-target-out",
        [(f"Text {i}", "favor", f"name {i}", f"g{i}", None) for i in range(101)],
        {},
        "own: leave-one-target-out wants 2 to 100 targets, the rows name 101",
    ),
    "shared groups": (
        "leave-one-actor-out",
        [("A", "favor", "iran", "g", None), ("B", "favor", "israel", "g", None)],
        {},
        "own: no actor has test rows and, in other groups, training rows of others",
    ),
    "unknown": (
        "oficial",
        simple(),
        {},
        'protocol "oficial" is not known (did you mean "official"?); known: grouped-kfold, ',
    ),
}


@pytest.mark.parametrize(("protocol", "rows", "part", "said"), RAISES.values(), ids=RAISES)
def test_what_cannot_be_split_says_why(protocol, rows, part, said):
    with pytest.raises(InputError) as caught:
        make_folds(corpus_of(rows, **part), protocol)
    assert str(caught.value).startswith(said)


def test_texts_without_words_are_not_taken_for_each_other():
    rows = [
        ("🕊", "favor", None, "g", "train"),
        ("💣", "favor", None, "h", "test"),
        ("🕊", "favor", None, "i", "test"),
    ]
    rows.append(("A b", "favor", None, "j", "train"))
    (one,) = make_folds(corpus_of(rows, tests=["test"]), "official-clean")
    assert (one.train.tolist(), one.test.tolist()) == ([3], [1])
