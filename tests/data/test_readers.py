"""Readers, on records of our own in the form of each source."""

import json

import pytest

from stance.core.errors import InputError, RefusedFileError, TableError
from stance.data.corpora import load_corpus
from stance.data.readers import READERS, get_reader

POLARITY = 'label_map = { "2.0" = "negative", "4.0" = "neutral", "6.0" = "positive" }'
CODES = 'label_map = { "0" = "none", "1" = "against", "2" = "favor" }'
SENTENCE = "Ada Poe thanked Bo Lee."


def jsonl(records):
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


def spans(row, text=None):
    text = text or row["text"]
    return {role: text[row[f"{role}_start"] : row[f"{role}_end"]] for role in ("holder", "target")}


def test_an_unknown_reader_is_answered_with_the_nearest():
    with pytest.raises(InputError, match=r'reader "newsmstc" is not known \(did you mean "newsmtsc"\?\)'):
        get_reader("newsmstc")
    assert get_reader("dse") is READERS["dse"]


class TestDse:
    """Sentence with two [entities], p, q, code."""

    @pytest.fixture
    def read(self, make_corpus):
        def read(content, scheme="directed"):
            folder = make_corpus({"train.txt": content}, reader="dse", scheme=scheme)
            return load_corpus(folder, scheme).table.to_pylist()

        return read

    @pytest.mark.parametrize(
        ("code", "label"), list(enumerate(["none", "favor", "favor_back", "against", "against_back"]))
    )
    def test_the_five_codes(self, read, code, label):
        (row,) = read(f"[Ada Poe] thanked [Bo Lee].\tAda Poe\tBo Lee\t{code}\n")
        assert row["label"] == label
        assert (row["text"], row["holder"], row["target"]) == (SENTENCE, "Ada Poe", "Bo Lee")
        assert spans(row) == {"holder": "Ada Poe", "target": "Bo Lee"}
        assert row["id"] == "train-1"
        assert row["split"] == "train"

    @pytest.mark.parametrize("code", "01234")
    def test_p_is_the_holder_though_q_stands_first(self, read, code):
        (row,) = read(f"[Bo Lee] was thanked by [Ada Poe].\tAda Poe\tBo Lee\t{code}\n")
        assert spans(row) == {"holder": "Ada Poe", "target": "Bo Lee"}
        assert row["holder_start"] > row["target_start"]

    @pytest.mark.parametrize(
        ("code", "forth", "back"),
        [
            (0, "none", "none"),
            (1, "favor", "none"),
            (2, "none", "favor"),
            (3, "against", "none"),
            (4, "none", "against"),
        ],
    )
    def test_the_stance_view_has_a_row_for_each_direction(self, read, code, forth, back):
        there, again = read(f"[Ada Poe] thanked [Bo Lee].\tAda Poe\tBo Lee\t{code}\n", "stance")
        assert (there["label"], again["label"]) == (forth, back)
        assert spans(there) == {"holder": "Ada Poe", "target": "Bo Lee"}
        assert spans(again) == {"holder": "Bo Lee", "target": "Ada Poe"}
        assert (there["id"], again["id"]) == ("train-1-pq", "train-1-qp")
        assert there["group"] == again["group"]

    def test_one_name_twice_is_read_in_the_order_of_the_sentence(self, read):
        (row,) = read("[Ada] thanked [Ada].\tAda\tAda\t1\n")
        assert (row["holder_start"], row["target_start"]) == (0, 12)

    def test_quotes_and_blanks_of_the_source_do_not_turn_p_and_q_round(self, read):
        (row,) = read('[Bonn.""Look], said [ Ada ].\t"Bonn.""Look"\tAda\t1\n')
        assert spans(row) == {"holder": 'Bonn.""Look', "target": " Ada "}

    def test_offsets_are_code_points(self, read):
        (row,) = read("🕊 é [Ada Poe] 🕊 [Бо].\tAda Poe\tБо\t1\n")
        assert spans(row, "🕊 é Ada Poe 🕊 Бо.") == {"holder": "Ada Poe", "target": "Бо"}

    def test_one_text_is_one_group_whatever_its_case(self, read):
        first, second, other = read(
            "[Ada] thanked [Bo].\tAda\tBo\t1\n[ADA] thanked [BO]!\tADA\tBO\t1\n[Ada] met [Bo].\tAda\tBo\t0\n"
        )
        assert first["group"] == second["group"] != other["group"]

    def test_a_line_ends_at_a_line_end_alone(self, read):
        first, second = read("[A] met\u2028[B].\tA\tB\t0\r\n\n[A] hit\x85[B].\tA\tB\t3")
        assert first["text"] == "A met\u2028B."
        assert (second["text"], second["id"]) == ("A hit\x85B.", "train-3")

    @pytest.mark.parametrize(
        ("line", "rule"),
        [
            ("[A] met [B].\tA\tB", "is not: sentence with two"),
            ("[A] met [B].\tA\tB\t1\t1", "is not: sentence with two"),
            ("[A] met [B].\tA\tB\t5", "is not: sentence with two"),
            ("[A] met [B].\tA\tB\t01", "is not: sentence with two"),
            ("[A] met B.\tA\tB\t1", "is not: sentence with two"),
            ("[A] met [B] and [C].\tA\tB\t1", "is not: sentence with two"),
            ("x] [A] met [B].\tA\tB\t1", "is not: sentence with two"),
            ("[[A] met [B].\tA\tB\t1", "is not: sentence with two"),
            ("[] met [B].\t\tB\t1", "is not: sentence with two"),
            ("[A] met [B].\tA\tC\t1", "p and q are not the two"),
            ("[A] met [B].\tC\tD\t1", "p and q are not the two"),
        ],
    )
    def test_a_wrong_record_is_one_line_with_its_place(self, read, line, rule):
        with pytest.raises(TableError) as caught:
            read("[A] met [B].\tA\tB\t1\n" + line + "\n")
        (said,) = str(caught.value).split("\n")
        assert "train.txt: line 2: " in said
        assert rule in said

    def test_bytes_that_are_no_text_are_refused_with_their_line(self, read):
        with pytest.raises(TableError, match=r"train\.txt: line 2"):
            read(b"[A] met [B].\tA\tB\t1\n[A] m\xe9t [B].\tA\tB\t1\n")


def news(number=1, sentence="Ada Poe praised Bo Lee.", targets=(("Ada Poe", 6.0), ("Bo Lee", 2.0)), **changes):
    found = [
        {
            "Input.gid": f"allsides_{number}_7_99_{i}",
            "from": sentence.index(mention),
            "to": sentence.index(mention) + len(mention),
            "mention": mention,
            "polarity": polarity,
        }
        for i, (mention, polarity) in enumerate(targets)
    ]
    record = {"primary_gid": f"allsides_{number}_7_99", "sentence_normalized": sentence, "targets": found}
    return record | changes


class TestNewsmtsc:
    """A sentence a line, with its targets."""

    @pytest.fixture
    def read(self, make_corpus):
        def read(content):
            files = {"train.jsonl": content}
            folder = make_corpus(files, reader="newsmtsc", scheme="sentiment", keys=POLARITY)
            return load_corpus(folder, "sentiment").table.to_pylist()

        return read

    def test_a_row_for_each_target(self, read):
        first, second = read(jsonl([news()]))
        assert (first["id"], first["holder"], first["target"]) == ("allsides_1_7_99_0", "author", "Ada Poe")
        assert (first["label"], second["label"]) == ("positive", "negative")
        assert first["text"][first["target_start"] : first["target_end"]] == "Ada Poe"
        assert second["text"][second["target_start"] : second["target_end"]] == "Bo Lee"
        assert first["holder_start"] is None
        assert first["text"] == second["text"]

    def test_the_polarities(self, read):
        rows = read(jsonl([news(i, targets=[("Bo Lee", p)]) for i, p in enumerate([2.0, 4.0, 6.0])]))
        assert [row["label"] for row in rows] == ["negative", "neutral", "positive"]

    def test_an_article_is_a_group(self, read):
        same = news(1, "Ada Poe left.", [("Ada Poe", 4.0)], primary_gid="allsides_1_7_100")
        same["targets"][0]["Input.gid"] = "allsides_1_7_100_0"
        rows = read(jsonl([news(1), same, news(2)]))
        assert [row["group"] for row in rows] == ["allsides_1_7"] * 3 + ["allsides_2_7"] * 2

    def test_a_line_ends_at_a_line_end_alone(self, read):
        rows = read(jsonl([news(1, "Ada Poe\u2028praised\x85Bo Lee."), news(2)]))
        assert rows[0]["text"] == "Ada Poe\u2028praised\x85Bo Lee."
        assert len(rows) == 4

    def test_a_polarity_that_is_none_is_named(self, read):
        said = r'train\.jsonl: line 1, column "label": "5\.0" is not one of .*; add it to label_map'
        with pytest.raises(TableError, match=said):
            read(jsonl([news(targets=[("Bo Lee", 5.0)])]))

    def test_a_span_outside_of_the_text_is_named(self, read):
        wrong = news(2)
        wrong["targets"][0]["to"] = 24
        with pytest.raises(TableError, match=r'line 2, column "target_start": "0\.\.24" is not a span inside'):
            read(jsonl([news(1), wrong]))

    @pytest.mark.parametrize(
        "line",
        [
            '{"cut": ',
            "[]",
            "null",
            "{}",
            '{"a": 1, "a": 2}',
            "[" * 100_000,
            '{"a":' * 100_000,
            json.dumps(news(sentence_normalized=None)),
            json.dumps(news(primary_gid=7)),
            json.dumps(news() | {"targets": {}}),
            json.dumps(news() | {"targets": [7]}),
            json.dumps(news() | {"targets": [{}]}),
            json.dumps(news()).replace('"from": 0', '"from": "0"'),
            json.dumps(news()).replace('"to": 7', '"to": 7.0'),
            json.dumps(news()).replace('"to": 7', '"to": true'),
            json.dumps(news()).replace("6.0", "NaN"),
            json.dumps(news()).replace("praised", "\\ud800"),
        ],
        ids=map(str, range(17)),
    )
    def test_a_wrong_record_is_one_line_with_its_place(self, read, line):
        with pytest.raises(TableError) as caught:
            read(jsonl([news()]) + line + "\n")
        (said,) = str(caught.value).split("\n")
        assert "train.jsonl: line 2: is no NewsMTSC record: " in said
        assert len(said) < 400


class TestTweeteval:
    """A tweet a line beside a code a line, in a folder named after the target."""

    @pytest.fixture
    def read(self, make_corpus):
        def read(texts, codes, listed=True):
            folder = make_corpus({"sea/train_text.txt": texts}, reader="tweeteval", keys=CODES)
            (folder / "sea" / "train_labels.txt").write_text(codes)
            if listed:
                sheet = (folder / "sheet.toml").read_text()
                (folder / "sheet.toml").write_text(sheet + '\n[[files]]\npath = "sea/train_labels.txt"\n')
            return load_corpus(folder, "stance").table.to_pylist()

        return read

    def test_text_and_code_of_a_line_are_a_row(self, read):
        rows = read("Ada likes the sea \nBo\u2028hates it\nCy saw it", "2\n1\n0\n")
        assert [row["label"] for row in rows] == ["favor", "against", "none"]
        assert [row["text"] for row in rows] == ["Ada likes the sea ", "Bo\u2028hates it", "Cy saw it"]
        assert {(row["holder"], row["target"]) for row in rows} == {("author", "sea")}
        assert rows[2]["id"] == "sea-train-3"

    @pytest.mark.parametrize(
        ("texts", "codes", "said"),
        [
            ("Ada\nBo\n", "2\n", r"train_text\.txt: line 2: has no counterpart in train_labels\.txt"),
            ("Ada\n", "2\n1\n", r"train_labels\.txt: line 2: has no counterpart in train_text\.txt"),
            ("Ada\n\nCy\n", "2\n1\n0\n", r"train_labels\.txt: line 2: has no counterpart"),
            ("Ada\n", "3\n", r'line 1, column "label": "3" is not one of favor, against, none'),
        ],
    )
    def test_what_does_not_pair_is_named(self, read, texts, codes, said):
        with pytest.raises(TableError, match=said):
            read(texts, codes)

    def test_labels_that_the_sheet_does_not_list_would_go_unchecked(self, read):
        with pytest.raises(InputError, match=r"lists sea/train_text\.txt without sea/train_labels\.txt"):
            read("Ada\n", "2\n", listed=False)


@pytest.mark.parametrize("kind", ["text", "labels"])
def test_either_file_of_tweeteval_is_held_to_its_hash(make_corpus, kind):
    files = {"sea/train_text.txt": "Ada likes the sea\n", "sea/train_labels.txt": "2\n"}
    folder = make_corpus(files, reader="tweeteval", keys=CODES)
    sheet = folder / "sheet.toml"
    name = f'"sea/train_{kind}.txt"\n'
    sheet.write_text(sheet.read_text().replace(name, f'{name}sha256 = "{"0" * 64}"\n'))
    with pytest.raises(RefusedFileError, match=f"train_{kind}"):
        load_corpus(folder, "stance")


def ours(number=1, text="Ada: Tehran must halt its raids.", **changes):
    record = {
        "id": f"iran-{number}",
        "text": text,
        "actor": "iran",
        "target": "strikes",
        "stance": "against",
        "sentiment": "negative",
        "group": "g1",
        "split": "train",
        "actor_start": 5,
        "actor_end": 11,
        "target_start": 26,
        "target_end": 31,
    }
    return record | changes


class TestFourActors:
    """One row, two views."""

    @pytest.fixture
    def read(self, make_corpus):
        def read(records, scheme):
            content = records if isinstance(records, str) else jsonl(records)
            folder = make_corpus({"iran.jsonl": content}, reader="four_actors", scheme=scheme, splits=False)
            return load_corpus(folder, scheme).table.to_pylist()

        return read

    def test_stance_is_the_actor_s_toward_the_target(self, read):
        (row,) = read([ours()], "stance")
        assert (row["holder"], row["target"], row["label"], row["actor"]) == (
            "iran",
            "strikes",
            "against",
            "iran",
        )
        assert spans(row) == {"holder": "Tehran", "target": "raids"}
        assert (row["group"], row["split"]) == ("g1", "train")

    def test_sentiment_is_the_author_s_toward_the_actor(self, read):
        (row,) = read([ours()], "sentiment")
        assert (row["holder"], row["target"], row["label"]) == ("author", "iran", "negative")
        assert row["text"][row["target_start"] : row["target_end"]] == "Tehran"
        assert row["holder_start"] is None

    def test_two_targets_are_two_stances_and_one_sentiment(self, read):
        records = [
            ours(1),
            ours(2, target="ceasefire", stance="favor"),
            ours(3, text="Ada and Tehran met.", **BARE),
        ]
        assert [row["id"] for row in read(records, "stance")] == ["iran-1", "iran-2", "iran-3"]
        assert [row["id"] for row in read(records, "sentiment")] == ["iran-1", "iran-3"]

    def test_one_text_of_two_actors_is_two_sentiments(self, read):
        rows = read([ours(1), ours(2, actor="israel", sentiment="positive")], "sentiment")
        assert [(row["actor"], row["label"]) for row in rows] == [
            ("iran", "negative"),
            ("israel", "positive"),
        ]

    def test_one_text_of_one_actor_cannot_have_two_sentiments(self, read):
        records = [ours(1), ours(2, target="ceasefire", sentiment="neutral")]
        said = r'line 2, column "sentiment": "neutral" differs from line 1, the same text and actor: "negative"'
        with pytest.raises(TableError, match=said):
            read(records, "sentiment")
        assert len(read(records, "stance")) == 2

    @pytest.mark.parametrize("column", ["actor", "group", "split", "target_end", "sentiment"])
    def test_a_missing_column_is_named(self, read, column):
        record = ours()
        del record[column]
        with pytest.raises(TableError, match=rf'iran\.jsonl: column "{column}": is missing'):
            read([record], "stance")

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"stance": 1}, 'column "stance": holds int64 where text belongs'),
            ({"text": 1}, 'column "text": holds int64 where text belongs'),
            ({"actor_start": "5"}, 'column "actor_start": holds string where integers belong'),
            ({"actor_start": 5.0}, 'column "actor_start": holds double where integers belong'),
            ({"actor_end": 33}, 'line 1, column "holder_start": "5..33" is not a span inside of the text'),
            ({"actor_end": 5}, 'line 1, column "holder_start": "5..5" is not a span inside of the text'),
            (
                {"target_start": -1},
                'line 1, column "target_start": "-1..31" is not a span inside of the text',
            ),
            ({"target_end": None}, 'line 1, column "target_start": needs both ends of the span, or neither'),
            ({"stance": None}, 'line 1, column "label": has no label'),
            ({"text": None}, 'line 1, column "text": is empty'),
            ({"id": None}, 'line 1, column "id": is missing'),
        ],
    )
    def test_a_wrong_record_is_one_line_with_its_place(self, read, changes, said):
        with pytest.raises(TableError) as caught:
            read([ours(**changes)], "stance")
        lines = str(caught.value).split("\n")
        assert said in lines[0] + lines[-1]
        assert all("iran.jsonl: " in line for line in lines)


BARE = {"target_start": None, "target_end": None, "actor_start": 8, "actor_end": 14}
