"""Write croissant.json and the agreement table of DATASHEET.md from the four-actors files: `make papers`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from stance.auditing.audit import ANNOTATIONS, agreement_measures
from stance.auditing.findings import Measure, figure
from stance.core.files import sha256_file
from stance.data.corpora import load_sheet

FIELDS = {
    "id": ("sc:Text", "Permanent identifier of the row."),
    "text": ("sc:Text", "The sentence."),
    "actor": ("sc:Text", "russia, trump, israel or iran: holder of the stance, target of the sentiment."),
    "target": ("sc:Text", "What the stance is about: another actor or an issue."),
    "stance": ("sc:Text", "favor, against or none: the actor's position toward the target."),
    "sentiment": ("sc:Text", "positive, negative or neutral: how the sentence shows the actor."),
    "register": ("sc:Text", "newswire, statement, commentary, social, interview or headline."),
    "phenomena": ("sc:Text", "Tags of linguistic phenomena."),
    "group": ("sc:Text", "The constructed event; never parted between splits."),
    "split": ("sc:Text", "train, dev or test."),
    "actor_start": ("sc:Integer", "Where the actor's mention starts, in code points; null if not named."),
    "actor_end": ("sc:Integer", "Where it ends, exclusive."),
    "target_start": ("sc:Integer", "Where the target's mention starts; null if not named."),
    "target_end": ("sc:Integer", "Where it ends, exclusive."),
    "contrast_of": ("sc:Text", "The row whose minimal twin this is, or null."),
}
CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}


def describe(folder: Path) -> dict[str, Any]:
    """Return the Croissant description of the corpus in `folder`."""
    sheet = load_sheet(folder)[1]
    files = [_file(folder / file.path) for file in sheet.files]
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": sheet.name,
        "description": " ".join(sheet.description.split()),
        "license": "https://creativecommons.org/licenses/by/4.0/",
        "version": f"{sheet.version}.0",
        "citeAs": " ".join(sheet.citation.split()),
        "creator": {"@type": "sc:Organization", "name": "The stance maintainers"},
        "datePublished": "2026-11-22",
        "distribution": files,
        "recordSet": [_records(file["@id"]) for file in files],
    }


def _file(path: Path) -> dict[str, str]:
    return {
        "@type": "cr:FileObject",
        "@id": path.name,
        "name": path.name,
        "contentUrl": path.name,
        "encodingFormat": "application/jsonlines",
        "sha256": sha256_file(path),
    }


def _records(file: str) -> dict[str, Any]:
    name = file.removesuffix(".jsonl")
    fields = [_field(f"{name}/{key}", key, *about, file) for key, about in FIELDS.items()]
    return {"@type": "cr:RecordSet", "@id": name, "name": name, "key": {"@id": f"{name}/id"}, "field": fields}


def _field(identifier: str, key: str, kind: str, description: str, file: str) -> dict[str, Any]:
    field: dict[str, Any] = {
        "@type": "cr:Field",
        "@id": identifier,
        "name": key,
        "description": description,
        "dataType": kind,
        "source": {"fileObject": {"@id": file}, "extract": {"column": key}},
    }
    return field | ({"repeated": True} if key == "phenomena" else {})


def agreement_table(folder: Path) -> str:
    """Return kappa and alpha of both schemes, over all rows, by actor and by phenomenon, as Markdown."""
    by_name = {measure.name: measure for measure in agreement_measures(folder / ANNOTATIONS)}
    lines = ["| rows | n | stance κ | stance α | sentiment κ | sentiment α |", "|---|---|---|---|---|---|"]
    for name in by_name:
        if name.startswith("kappa_stance"):
            part = name.removeprefix("kappa_stance")
            cells = [_kappa_alpha(by_name[f"kappa_{scheme}{part}"]) for scheme in ("stance", "sentiment")]
            n = by_name[name].note.split(" rows")[0]
            lines.append(f"| {part.lstrip('.') or 'all'} | {n} | {cells[0]} | {cells[1]} |")
    return "\n".join(lines)


def _kappa_alpha(measure: Measure) -> str:
    alpha = measure.note.partition(" alpha ")[2]
    return f"{figure(measure.value)} | {alpha or '–'}"


def main() -> None:
    """Write the files."""
    folder = Path(__file__).parent.parent / "corpora" / "four_actors"
    text = json.dumps(describe(folder), indent=1, ensure_ascii=False)
    (folder / "croissant.json").write_text(text + "\n", encoding="utf-8")
    sheet = folder / "DATASHEET.md"
    parts = sheet.read_text(encoding="utf-8").split("<!-- agreement -->")
    sheet.write_text(
        "<!-- agreement -->".join([parts[0], f"\n{agreement_table(folder)}\n", parts[2]]), encoding="utf-8"
    )


if __name__ == "__main__":
    main()
