"""The command line: one thin function a verb; heavy modules are imported inside."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from stance import __version__
from stance.core import interrupts
from stance.core.errors import StanceError, show

INTERRUPTED = 130
CELLS_FAILED = FELL_SHORT = 1
CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@click.group(context_settings=CONTEXT)
@click.version_option(__version__, prog_name="stance")
def cli() -> None:
    """Classify who stands where on what, and compare classifiers honestly.

    \b
    Example:
      stance run experiments/actors.toml --report
    """


@cli.group()
def corpora() -> None:
    """List, show and fetch corpora.

    \b
    Example:
      stance corpora fetch newsmtsc
    """


def revision_option(command: Any) -> Any:  # noqa: ANN401 - click's decorators
    """Add the option of every verb that takes a dataset of the hub."""
    return click.option("--revision", help="The commit of a dataset of the hub, 40 hexadecimal digits.")(command)


def table_options(command: Any) -> Any:  # noqa: ANN401 - click's decorators
    """Add the options of every verb that reads a table of the user's."""
    command = click.option("--encoding", default="utf-8", show_default=True, help="Of a CSV or TSV.")(command)
    return click.option("--sep", "separator", help="What parts the fields of a CSV or TSV.")(command)


def column_options(*roles: str) -> Callable[[Any], Any]:
    """Add an option for each role that a column of the user's table may have, by whatever name."""

    def add(command: Any) -> Any:  # noqa: ANN401 - click's decorators
        for role in reversed(roles):
            said = f"The column of {'ids' if role == 'id' else role + 's'} of a file; default: {role}."
            command = click.option(f"--{role}", help=said)(command)
        return command

    return add


def named_columns(**roles: str | None) -> dict[str, str]:
    """Return the roles whose columns were named."""
    return {role: name for role, name in roles.items() if name is not None}


def read_label_map(context: click.Context, parameter: click.Parameter, pairs: tuple[str, ...]) -> dict[str, str]:
    """Return what each label of the file means: ``pro=favor``."""
    for pair in pairs:
        if "=" not in pair:
            raise click.BadParameter(f'"{pair}" is not THEIRS=OURS, as in pro=favor')
    return dict((theirs, ours) for theirs, _, ours in (pair.rpartition("=") for pair in pairs))


label_map_option = click.option(
    "--label-map",
    multiple=True,
    metavar="THEIRS=OURS",
    callback=read_label_map,
    help="A label of a file and its meaning.",
)


def read_settings(context: click.Context, parameter: click.Parameter, pairs: tuple[str, ...]) -> dict[str, Any]:
    """Return a classifier's parameters by name: ``epochs=4``, the value as in an experiment file."""
    from stance.core.files import read_toml_value

    settings: dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = (part.strip() for part in pair.partition("="))
        if not (name and equals):
            raise click.BadParameter(f'"{show(pair)}" is not NAME=VALUE, as in mask_mentions=false')
        if name == "scheme":
            raise click.BadParameter("the scheme is given by --scheme")
        if name in settings:
            raise click.BadParameter(f"{show(name)} is set twice; set it once")
        settings[name] = read_toml_value(value)
    return settings


@corpora.command("list")
def corpora_list() -> None:
    """List the corpora that ship with the package, and whether their text is here.

    \b
    Example:
      stance corpora list
    """
    from stance.data.corpora import list_corpora
    from stance.data.fetch import is_here

    for sheet in list_corpora():
        state = "here" if is_here(sheet) else f"run: stance corpora fetch {sheet.name}"
        click.echo(f"{sheet.name:<16} {', '.join(sheet.schemes):<20} {sheet.licence:<12} {state}")


@corpora.command("show")
@click.argument("name")
def corpora_show(name: str) -> None:
    """Show what a corpus says of itself: source, licence, terms, splits.

    \b
    Example:
      stance corpora show newsmtsc
    """
    from stance.data.corpora import load_sheet

    sheet = load_sheet(name)[1]
    for key in ("title", "version", "licence", "terms", "homepage", "description", "citation"):
        value = str(getattr(sheet, key)).strip()
        if value:
            click.echo(f"{key:<12} " + value.replace("\n", "\n" + " " * 13))
    for scheme, part in sheet.schemes.items():
        tests = ", ".join(part.tests) or "none named"
        click.echo(f"{scheme:<12} labels {', '.join(sheet.labels(scheme))}; tests {tests}; metric {part.metric}")


@corpora.command("fetch")
@click.argument("name")
@click.option("--from", "origin", type=click.Path(path_type=Path), help="A folder that holds the sheet's paths.")
@revision_option
def corpora_fetch(name: str, origin: Path | None, revision: str | None) -> None:
    """Bring a corpus's text from its source, or from a folder; its hash is checked.

    A dataset of the Hugging Face Hub, hf://ORG/NAME, comes to the Hugging Face cache.

    \b
    Example:
      stance corpora fetch newsmtsc --from downloads/newsmtsc
    """
    from stance.data.corpora import load_sheet
    from stance.data.fetch import fetch_corpus
    from stance.data.hub import fetch_hub, hub_dataset, is_hub

    def said(line: str) -> None:
        click.echo(line, err=True)

    if is_hub(name):
        if origin:
            raise click.UsageError("--from is for a corpus of ours; a dataset of the hub comes from the hub")
        fetch_hub(hub_dataset(name, revision), said)
        return
    if revision:
        raise click.UsageError("--revision is for a dataset of the hub, hf://ORG/NAME")
    sheet = load_sheet(name)[1]
    click.echo(f"{sheet.title}\nlicence: {sheet.licence}. {sheet.terms}", err=True)
    fetch_corpus(sheet, origin, said)


@corpora.command("audit")
@click.argument("corpus")
@click.option("--scheme", help="Audit this scheme alone; needed for a file of yours.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--allow-leak", is_flag=True, help="Exit 0 although tests share sentences with their training data.")
@column_options("text", "label", "holder", "target", "group", "split")
@label_map_option
@table_options
@revision_option
def corpora_audit(
    corpus: str,
    scheme: str | None,
    as_json: bool,
    allow_leak: bool,
    label_map: dict[str, str],
    separator: str | None,
    encoding: str,
    revision: str | None,
    **columns: str | None,
) -> None:
    """Audit a corpus: duplicates, leaks, ceilings, balance, agreement, probes. Exit 1 where it falls short.

    \b
    Example:
      stance corpora audit four_actors
    """
    import json

    from stance.auditing.audit import audit

    own = {"label_map": label_map, "separator": separator, "encoding": encoding}
    found = audit(corpus, scheme, revision, columns=named_columns(**columns), **own)
    click.echo(json.dumps(found.to_dict(), indent=1, ensure_ascii=False) if as_json else found.to_text())
    if found.failures or found.missing or (found.leaks and not allow_leak):
        raise SystemExit(FELL_SHORT)


@cli.command("run")
@click.argument("experiment", type=click.Path(path_type=Path))
@click.option("--results", type=click.Path(path_type=Path), help="Results folder; default: beside the file.")
@click.option("--jobs", type=click.IntRange(min=1), help="Cells at once; default: all cores.")
@click.option("--report", "wanted", is_flag=True, help="Also write report.html and report.md there.")
@click.option("--allow-leak", is_flag=True, help="Run a corpus of yours although its test shares sentences with train.")
def run_experiment(experiment: Path, results: Path | None, jobs: int | None, wanted: bool, allow_leak: bool) -> None:
    """Run an experiment and print its tables; what was finished before is not run again.

    \b
    Example:
      stance run experiments/actors.toml --report
    """
    from stance.reporting.report import refresh_report
    from stance.reporting.tables import render_terminal
    from stance.running.runner import run

    done = run(experiment, results, jobs=jobs, allow_leak=allow_leak)
    click.echo(render_terminal(done))
    click.echo(f"\nresults: {done.folder}")
    for path in refresh_report(done) if wanted else []:
        click.echo(f"report:  {path}")
    if done.failures:
        raise SystemExit(CELLS_FAILED)


@cli.command("report")
@click.argument("results", type=click.Path(path_type=Path))
@click.option("--format", "formats", default="html,md", show_default=True, help="Of html, md, tex, csv.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Path of the report; default: in RESULTS.")
def write_report(results: Path, formats: str, output: Path | None) -> None:
    """Write the reports of a results folder.

    \b
    Example:
      stance report experiments/results/actors --format html,md,csv
    """
    from stance.reporting.report import report

    for path in report(results, output, formats=[word.strip() for word in formats.split(",") if word.strip()]):
        click.echo(path)


@cli.command("train")
@click.argument("corpus")
@click.option("--scheme", help="stance, sentiment or directed; default: the corpus's first.")
@click.option("--classifier", default="stance", show_default=True, help='A name, or "module:Class".')
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="NAME=VALUE",
    callback=read_settings,
    help="A parameter of the classifier, as in an experiment file: mask_mentions=false.",
)
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="The model file.")
@click.option("--teacher", type=click.Path(path_type=Path), help="A model whose probabilities are learned as well.")
@click.option("--unlabelled", type=click.Path(path_type=Path), help="A file of sentences for the teacher to label.")
@column_options("text", "label", "holder", "target", "group", "split")
@label_map_option
@table_options
@revision_option
def train(
    corpus: str,
    scheme: str | None,
    classifier: str,
    settings: dict[str, Any],
    output: Path,
    teacher: Path | None,
    unlabelled: Path | None,
    label_map: dict[str, str],
    separator: str | None,
    encoding: str,
    revision: str | None,
    **columns: str | None,
) -> None:
    """Train a classifier on a corpus's training splits, or on all of a file of yours.

    A corpus's dev, where it has one that is not trained on, is what probabilities are calibrated by; an encoder also
    chooses its epoch by it.

    With a teacher, a slower and better model, it also learns what the teacher says of sentences without labels.

    \b
    Example:
      stance train four_actors --scheme stance -o model.stance
      stance train four_actors --classifier encoder --set n_trainings=3 -o encoder.stance
      stance train four_actors -o fast.stance --teacher encoder.stance --unlabelled news.csv
      stance train tweets.csv --scheme stance --text tweet --label-map pro=favor --label-map con=against -o m.stance
    """
    from stance.classifiers.distillation import distil
    from stance.classifiers.held_out import fit_rows
    from stance.classifiers.model_files import load_model, save_model
    from stance.classifiers.registry import make_classifier
    from stance.core.files import refuse_overwriting
    from stance.data.corpora import X_COLUMNS, load_corpus
    from stance.data.splits import dev_rows
    from stance.scoring.files import read_unlabelled

    if (teacher is None) != (unlabelled is None):
        raise click.UsageError("--teacher and --unlabelled go together: give both, or neither")
    start = settings.get("start_from")
    read = [one for one in (corpus, teacher, unlabelled, start) if isinstance(one, (str, Path))]
    refuse_overwriting(output, *read)
    loaded = load_corpus(
        corpus,
        scheme,
        columns=named_columns(**columns),
        label_map=label_map,
        separator=separator,
        encoding=encoding,
        revision=revision,
    )
    for note in loaded.notes:
        click.echo(note, err=True)
    made = make_classifier(classifier, settings, scheme=loaded.scheme.name)
    watched = "progress" in made.get_params() and "progress" not in settings and sys.stderr.isatty()
    if watched:
        made.set_params(progress=True)
    wanted = loaded.sheet.schemes[loaded.scheme.name].train
    if loaded.sheet.schemes[loaded.scheme.name].train_per:
        click.echo(f"{loaded.name}: published scores have a model for each target; this is one for all", err=True)
    frame = loaded.frame
    rows = frame[frame["split"].isin(wanted)] if loaded.splits else frame
    X, y = rows[list(X_COLUMNS)], rows["label"]
    said = f"{output}: {classifier}, {loaded.scheme.name}, trained on {len(rows):,} sentences of {loaded.name}"
    try:
        if teacher is not None and unlabelled is not None:
            more = read_unlabelled(unlabelled, separator=separator, encoding=encoding)
            distil(made, load_model(teacher), more, (X, y))
            said += f" and {len(more):,} that the teacher labelled"
        else:
            fit_rows(made, rows, frame.iloc[dev_rows(loaded)])
    except (TypeError, ValueError) as error:  # what scikit-learn says of a parameter
        if isinstance(error, StanceError) or not settings:
            raise
        raise click.BadParameter(f"{classifier}: {show(error, 300)}", param_hint="--set") from None
    if watched:
        made.set_params(progress=False)
    save_model(made, output)
    click.echo(said)


@cli.command("predict")
@click.argument("model", type=click.Path(path_type=Path))
@click.argument("source", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="CSV, TSV, JSONL or Parquet.")
@column_options("text", "holder", "target")
@table_options
@click.option("--abstain-below", type=float, help="Give no label where its probability is below this.")
def predict(
    model: Path,
    source: Path,
    output: Path,
    separator: str | None,
    encoding: str,
    abstain_below: float | None,
    **columns: str | None,
) -> None:
    """Label the sentences of a CSV, TSV, JSONL or Parquet file with a model.

    Without --text, --holder and --target the columns of these names are read; only text must be there.

    \b
    Example:
      stance predict model.stance sentences.csv -o labelled.csv
    """
    from stance.scoring.files import predict_file

    rows = predict_file(
        model,
        source,
        output,
        columns=named_columns(**columns),
        separator=separator,
        encoding=encoding,
        abstain_below=abstain_below,
    )
    click.echo(f"{output}: {rows:,} rows")


@cli.command("score")
@click.argument("model", type=click.Path(path_type=Path))
@click.argument("sources", type=click.Path(path_type=Path), nargs=-1, required=True)
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="The folder to be made.")
@click.option("--text", default="text", show_default=True, help="The column of sentences.")
@click.option("--id", "id_column", help="The column of ids; default: a row's place in its file, from 0.")
@click.option("--holder", help="The column of holders; default: holder, where there is one.")
@click.option("--target", help="The column of targets; default: target, where there is one.")
@click.option("--actors", is_flag=True, help="Find the actors in each sentence; a row for each, for sentiment.")
@click.option("--abstain-below", type=float, help="Give no label where its probability is below this.")
@click.option(
    "--long-text",
    type=click.Choice(["error", "truncate"]),
    default="error",
    show_default=True,
    help="What to do with texts of over 100,000 characters.",
)
@click.option("--overwrite", is_flag=True, help="Replace the scores of another job.")
@click.option("--jobs", type=click.IntRange(min=1), help="Threads; default: all cores.")
def score(
    model: Path,
    sources: tuple[Path, ...],
    output: Path,
    text: str,
    id_column: str | None,
    holder: str | None,
    target: str | None,
    actors: bool,
    abstain_below: float | None,
    long_text: str,
    overwrite: bool,
    jobs: int | None,
) -> None:
    """Label the sentences of Parquet files, or of folders of them, however many; resumes by itself.

    \b
    Example:
      stance score model.stance news/ -o scores/
    """
    from stance.scoring.bulk import score

    done = score(
        model,
        sources,
        output,
        text=text,
        id=id_column,
        holder=holder,
        target=target,
        actors=actors,
        abstain_below=abstain_below,
        truncate=long_text == "truncate",
        overwrite=overwrite,
        jobs=jobs,
    )
    click.echo(done.describe())
    for path in done.leftovers:
        click.echo(f"{path}: left unfinished by another job; remove it, or run that job again", err=True)


@cli.command("explain")
@click.argument("model", type=click.Path(path_type=Path))
@click.argument("sentence")
@click.option("--holder", help="An actor by name, or a phrase of the sentence; default: none marked.")
@click.option("--target", help="An actor or issue by name, or a phrase of the sentence; default: none marked.")
@click.option("--label", help="The label whose score is explained; default: the predicted one.")
@click.option("--format", "form", type=click.Choice(["table", "html", "json"]), default="table", show_default=True)
def explain(model: Path, sentence: str, holder: str | None, target: str | None, label: str | None, form: str) -> None:
    """Show what each word of a sentence adds to the score of a label; for linear models.

    \b
    Example:
      stance explain model.stance "Moscow rejects the truce." --holder russia --target "the truce"
    """
    from stance.classifiers.model_files import load_model
    from stance.reporting.highlight_drawing import render_page
    from stance.reporting.highlights import highlight_sentence

    found = highlight_sentence(load_model(model), sentence, holder, target, label)
    if form == "html":
        click.echo(render_page([found]))
    else:
        click.echo(found.to_json() if form == "json" else found.to_terminal())


def main(arguments: list[str] | None = None) -> None:
    """Run the command line: errors are one line each, exit codes as documented.

    0 all well; 1 some cells failed; 2 usage, input or configuration; 3 results busy; 4 storage;
    5 refused file; 130 interrupted, resumable.
    """
    words = sys.argv[1:] if arguments is None else arguments
    if words[:2] != ["corpora", "fetch"]:  # the one verb that goes online, because it was asked to
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    interrupts.listen()
    try:
        cli.main(args=arguments, prog_name="stance", standalone_mode=False)
    except click.exceptions.Abort:
        _leave("interrupted; run the same command again to go on where it stopped", INTERRUPTED)
    except click.ClickException as error:
        error.show()
        raise SystemExit(error.exit_code) from None
    except StanceError as error:
        _leave(str(error), error.exit_code)
    except BrokenPipeError:
        _silence(sys.stdout)
        raise SystemExit(CELLS_FAILED) from None
    except Exception as error:
        if os.environ.get("STANCE_DEBUG"):
            raise
        _leave(f"unexpected {type(error).__name__}: {error}; set STANCE_DEBUG=1 for the details", CELLS_FAILED)


def _leave(message: str, code: int) -> None:
    for line in message.splitlines():
        click.echo(f"error: {line}", err=True)
    raise SystemExit(code)


def _silence(stream: Any) -> None:  # noqa: ANN401 - a text stream
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


if __name__ == "__main__":
    main()
