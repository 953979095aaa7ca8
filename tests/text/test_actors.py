"""The actors' file and its strict reader."""

import itertools
import subprocess
import sys

import numpy as np
import pytest

from stance.core.errors import InputError, MissingDataError, show
from stance.core.paths import shipped
from stance.text.actors import load_actors

OWN = '[nato]\nname = "NATO"\ncolour = "#111111"\nnames = ["NATO", "North Atlantic Treaty Organization"]\n'
# Machado, Oliveira and Fernandes 2009, severity 1, in linear RGB.
SIGHT = {
    "all cones": np.eye(3),
    "protan": [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
    "deutan": [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
    "tritan": [[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]],
}


def linear(colour):
    parts = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def lab(rgb):
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    f = np.cbrt(np.maximum(np.array(to_xyz) @ np.clip(rgb, 0, 1) / [0.950, 1.0, 1.089], 1e-6))
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def written(tmp_path, text):
    path = tmp_path / "mine.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_the_four_actors_are_shipped_in_order():
    actors = load_actors()
    assert list(actors) == ["russia", "trump", "israel", "iran"]
    for key, actor in actors.items():
        assert actor.key == key
        assert actor.name in (*actor.names, *actor.any_case)
        assert "Kremlin critic" not in actor.names


def test_every_excluded_phrase_holds_a_name_in_it():
    names = [n.casefold() for a in load_actors().values() for n in (*a.names, *a.any_case, *a.weak)]
    # Card players' words, by which the verb's relatives are kept out as well.
    idle = {"overtrump"}
    for actor in load_actors().values():
        for phrase in actor.excluded:
            assert phrase in idle or any(name in phrase.casefold() for name in names), phrase


def test_a_caller_cannot_change_the_shipped_actors():
    load_actors().clear()
    assert len(load_actors()) == 4


@pytest.mark.parametrize("sight", SIGHT)
def test_colours_stay_apart_for_every_kind_of_sight(sight):
    seen = {key: lab(np.array(SIGHT[sight]) @ linear(actor.colour)) for key, actor in load_actors().items()}
    for one, other in itertools.combinations(seen, 2):
        assert np.linalg.norm(seen[one] - seen[other]) > 15, (one, other)


def test_colours_stand_out_from_white():
    for actor in load_actors().values():
        luminance = linear(actor.colour) @ [0.2126, 0.7152, 0.0722]
        assert 1.05 / (luminance + 0.05) >= 3, actor.key  # WCAG 2.1, graphics


def test_an_own_file_adds_and_replaces(tmp_path):
    actors = load_actors(written(tmp_path, OWN + '[iran]\nname = "Persia"\ncolour = "#222222"\nnames = ["Persia"]'))
    assert list(actors) == ["russia", "trump", "israel", "iran", "nato"]
    assert actors["iran"].names == ("Persia",)
    assert actors["nato"].any_case == actors["nato"].excluded == ()
    assert load_actors()["iran"].name == "Iran"


def test_a_byte_order_mark_and_dos_line_ends_are_read(tmp_path):
    path = written(tmp_path, b"\xef\xbb\xbf" + OWN.replace("\n", "\r\n").encode())
    assert load_actors(str(path))["nato"].name == "NATO"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            OWN.replace("names", "naems"),
            'nato.naems: is not a known key (did you mean "names"?); known: name, ',
        ),
        (OWN + 'excluded = ["NATO blue"]', "nato.excluded: is not a known key"),
        (OWN.replace('name = "NATO"\n', ""), "nato.name: is missing"),
        (OWN.replace('name = "NATO"\n', "name = 4\n"), 'nato.name: "4" must be a text in quotes'),
        (OWN.replace('["NATO", ', '["  ", '), 'nato.names.0: "  " must hold a letter'),
        (OWN.replace('["NATO", ', f'["{"N" * 101}", '), "nato.names.0: "),
        (OWN.replace('["NATO", ', "[7, "), 'nato.names.0: "7" must be a text in quotes'),
        (OWN + "weak = []\nnot = 'x'\n", 'nato.not: "x" must be a list of texts in quotes'),
        (OWN.replace("[nato]", "[NATO]"), 'the name of table "NATO" must be small letters'),
        (
            OWN.replace('["NATO", "North Atlantic Treaty Organization"]', "[]"),
            "nato.names: must not be empty",
        ),
        (OWN.replace("#111111", "red"), 'nato.colour: "red" must be a colour such as "#0072B2"'),
        (OWN.replace("#111111", "#0072b2"), 'nato.colour: "#0072b2" already stands under israel.colour'),
        (OWN + 'weak = ["MOSCOW"]', 'nato.weak: "MOSCOW" already stands under russia.any_case'),
        (OWN + 'not = ["nato"]', 'nato.not: "nato" already stands under nato.names'),
        ("nato = 4", 'nato: "4" must be a table'),
        ("[nato", "cannot be read as TOML: "),
        (b'[nato]\nname = "\xff"', "cannot be read as TOML: "),
        ("x = " + "[" * 5000, "cannot be read as TOML: "),
        ("# nothing", "holds no table"),
    ],
)
def test_a_broken_file_is_refused_in_one_line(tmp_path, text, says):
    path = written(tmp_path, text)
    with pytest.raises(InputError) as caught:
        load_actors(path)
    assert str(caught.value).startswith(f"{show(path)}: ")
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    with pytest.raises(MissingDataError, match="no such file"):
        load_actors(tmp_path / "no.toml")
    with pytest.raises(InputError, match="cannot be read"):
        load_actors(tmp_path)


def test_the_shipped_files_hold_no_line_that_a_screen_cuts():
    for name in ("actors.toml", "targets.toml"):
        lines = (shipped("corpora") / name).read_text("utf-8").splitlines()
        assert max(map(len, lines)) <= 150, name


def test_the_lexicons_load_neither_pandas_nor_scikit_learn():
    loaded = "{'pandas', 'sklearn'} & set(sys.modules)"
    code = f"import sys, stance.text.mentions, stance.text.targets; print({loaded})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
