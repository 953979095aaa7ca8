"""Experiment files: every rule is checked before anything runs, and said in one line."""

import pytest

from stance.core.errors import InputError, MissingDataError
from stance.running.experiments import find_experiment, read_experiment
from stance.running.leaks import check_leaks
from stance.running.plan import make_plan
from stance.running.runner import default_folder

BASE = 'corpora = ["four_actors"]\n[classifiers.majority]\n'


@pytest.fixture
def toml(tmp_path):
    def write(text):
        path = tmp_path / "e.toml"
        path.write_text(text)
        return path

    return write


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("protocol = ['official']\n" + BASE, r'unknown key "protocol" \(did you mean "protocols"\?\)'),
        ("protocols = ['offical']\n" + BASE, r'"offical" is not one of .*did you mean "official"'),
        ("metrics = ['macro-f1']\n" + BASE, r'"macro-f1" is not one of'),
        ("schemes = ['stanse']\n" + BASE, 'did you mean "stance"'),
        ("seeds = ['a']\n" + BASE, 'key "seeds.0"'),
        ("seeds = []\n" + BASE, 'key "seeds"'),
        ("seeds = [0, 1, 0]\n" + BASE, "0 stands there twice; give each seed once"),
        ("time_limit_seconds = 0\n" + BASE, 'key "time_limit_seconds"'),
        ("corpora = []\n[classifiers.majority]", "names nothing to run"),
        ("corpora = ['four_actors']", 'key "classifiers" is missing'),
        (BASE + "[classifiers.linear_svn]", 'did you mean "linear_svm"'),
        (BASE + "[classifiers.linear_svm]\nc = 1", 'unknown parameter "c".*did you mean "C"'),
        (BASE + "[classifiers.x]\nclass = 'no.such:Thing'", "cannot be imported"),
        (BASE + "[classifiers.x]\nclass = 'json:loads'", "no class with fit and predict"),
        (BASE + "[classifiers.x]\nclass = 3", 'is not a name or "module:Class"'),
        (BASE + BASE, "cannot be read as TOML"),
        ("corpora = [{nam = 'four_actors'}]\n[classifiers.majority]", 'did you mean "name"'),
    ],
)
def test_a_broken_rule_is_one_line_that_names_the_file(toml, text, said):
    path = toml(text)
    with pytest.raises(InputError, match=said) as caught:
        read_experiment(path)
    assert str(caught.value).startswith(str(path)[:60])
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('corpora = ["four_actor"]\n[classifiers.majority]', 'did you mean "four_actors"'),
        ('corpora = [{name = "four_actors", path = "x.csv"}]\n[classifiers.majority]', "a name or a path"),
        ('corpora = ["four_actors", "four_actors"]\n[classifiers.majority]', "stands twice"),
        ('corpora = [{path = "none.csv", scheme = "stance"}]\n[classifiers.majority]', "no such file"),
        ('corpora = ["four_actors"]\nschemes = ["directed"]\n[classifiers.majority]', "has none of the schemes"),
    ],
)
def test_a_corpus_that_does_not_fit_is_refused(toml, text, said):
    with pytest.raises((InputError, MissingDataError), match=said):
        make_plan(read_experiment(toml(text)))


def test_shipped_experiments_are_found_by_name_and_checked():
    assert read_experiment("actors.toml").name == "actors"
    assert read_experiment("experiments/public.toml").name == "public"
    assert read_experiment("tweeteval.toml").name == "tweeteval"
    with pytest.raises(MissingDataError, match=r'did you mean "actors\.toml"') as caught:
        find_experiment("actor.toml")
    assert "published" not in str(caught.value)


def test_a_corpus_that_was_not_fetched_is_one_line_with_its_remedy(tmp_path, monkeypatch):
    monkeypatch.setenv("STANCE_DATA", str(tmp_path))
    with pytest.raises(MissingDataError) as caught:
        make_plan(read_experiment("tweeteval.toml"))
    assert str(caught.value).endswith("not there; run: stance corpora fetch tweeteval_stance")
    assert len(str(caught.value).splitlines()) == 1


def test_our_own_corpus_leaks_under_no_protocol(toml):
    text = 'protocols = ["official", "grouped-kfold", "leave-one-actor-out"]\n' + BASE
    found = check_leaks(make_plan(read_experiment(toml(text))), allow=False)
    assert len(found) == 2 * (1 + 5 + 4)
    assert {leak.leaked for leak in found} == {0}


def test_results_lie_beside_the_file(toml):
    path = toml(BASE)
    assert default_folder(read_experiment(path)) == path.parent / "results" / "e"


def test_a_plan_has_a_cell_for_each_fold_classifier_and_seed(toml):
    text = 'protocols = ["official", "leave-one-actor-out"]\nseeds = [0, 1]\n' + BASE + "[classifiers.sgd]\n"
    plan = make_plan(read_experiment(toml(text)))
    assert len(plan) == 2 * 5 * (1 + 2)
    assert len({job.cell.key for job in plan}) == len(plan)


def test_who_does_not_speak_a_scheme_is_left_out_of_it(toml):
    plan = make_plan(read_experiment(toml("corpora = ['four_actors']\n[classifiers.majority]\n[classifiers.vader]")))
    assert {(job.cell.classifier, job.cell.scheme) for job in plan} == {
        ("majority", "stance"),
        ("majority", "sentiment"),
        ("vader", "sentiment"),
    }
    with pytest.raises(InputError, match="none of its classifiers learns a scheme of its corpora"):
        make_plan(read_experiment(toml("corpora = ['four_actors']\nschemes = ['stance']\n[classifiers.vader]")))
