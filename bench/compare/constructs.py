"""What other tools make of each construct of the corpus, run on this machine.

    python bench/compare/constructs.py FOLDER

FOLDER holds an environment for each tool: `python -m venv FOLDER/chanx` with `chanx==2.13.*` and
`pyhumps` in it, `FOLDER/fastws` with `fastws` and `jsonschema`, and `FOLDER/modelina` after
`npm install @asyncapi/modelina` there. Writes `results/constructs.json`.

Every tool is given ten values of each construct as they travel, in both directions, and the wrong
use that ours refuses. chanx: its Python client's model takes the value and gives it back. FastWS:
its document allows it. Modelina: `tsc --strict` takes it as a literal of the type it wrote.
"""

from __future__ import annotations

import json
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

from packages.topicwire.tests.corpus import CONSTRUCTS
from packages.topicwire.tests.roundtrip.sampling import sample
from pydantic import TypeAdapter

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
RESULTS = HERE.parent / "results/constructs.json"
VALUES = 10

# A wrong use is an expression of TypeScript; what has no JSON is left out.
_TO_JSON = """
const asked = JSON.parse(require('fs').readFileSync(0, 'utf8'))
const isJson = (value) => JSON.stringify(value) !== undefined && !(/new Date|undefined/.test(value))
const read = (text) => isJson(text) ? [eval(`(${text})`)] : null
console.log(JSON.stringify(asked.map(read)))
"""


def asked() -> list[dict[str, Any]]:
    """The constructs, with values as they travel."""
    texts = json.dumps([one.wrong for one in CONSTRUCTS])
    wrong = json.loads(_run("node", "-e", _TO_JSON, given=texts))
    found = []
    for one, value in zip(CONSTRUCTS, wrong, strict=True):
        values = sample(one, VALUES)
        found.append(
            {
                "name": one.name,
                "annotation": one.annotation,
                "received": [one.received_json(each) for each in values],
                "sent": [one.sent_json(each) for each in values],
                "wrong": value,
            }
        )
    return found


def modelina(folder: Path, constructs: list[dict[str, Any]]) -> dict[str, Any]:
    """Its TypeScript, compiled with the values as literals."""
    schemas = []
    for construct in CONSTRUCTS:
        kind = TypeAdapter(construct.payload_type)
        schemas.append(
            {
                "name": construct.name,
                "sent": _named_root(kind.json_schema(mode="validation")),
                "received": _named_root(kind.json_schema(mode="serialization")),
            }
        )
    said = json.loads(
        _run("node", HERE / "modelina_says.mjs", given=json.dumps(schemas), where=folder)
    )
    project = folder / "checked"
    project.mkdir(exist_ok=True)
    for one in constructs:
        _write_checks(project, one, said["constructs"][one["name"]])
    options = {"noEmit": True, "strict": True, "exactOptionalPropertyTypes": True, "types": []}
    options |= {"target": "es2022", "module": "preserve", "skipLibCheck": True}
    config = {"compilerOptions": options, "include": ["*.ts"]}
    (project / "tsconfig.json").write_text(json.dumps(config), encoding="utf-8")
    failed = _compile(project)
    verdicts = {}
    for one in constructs:
        made, name = said["constructs"][one["name"]], one["name"]
        fails = next((made[way]["fails"] for way in made if isinstance(made[way], dict)), None)
        verdicts[name] = (
            {"fails": fails}
            if fails
            else {
                "says": " ".join(made["received"].split())[:160],
                "received": f"{name}.received.ts" not in failed,
                "sent": f"{name}.sent.ts" not in failed,
                "refuses": one["wrong"] is None or f"{name}.wrong.ts" in failed,
            }
        )
    return {"version": said["version"], "constructs": verdicts}


def _compile(project: Path) -> set[str]:
    """The files that tsc complains of. It looks at types when there is no fault of syntax left."""
    failed: set[str] = set()
    while True:
        said = subprocess.run(
            [ROOT / "node_modules/.bin/tsc", "-p", "."],
            cwd=project,
            capture_output=True,
            text=True,
            check=False,
        ).stdout.splitlines()
        failed |= {line.partition("(")[0] for line in said if "): error" in line}
        broken = {line.partition("(")[0] for line in said if "): error TS1" in line}
        if not broken:
            return failed
        for one in broken:
            (project / one).unlink()


def _named_root(schema: dict[str, Any]) -> dict[str, Any]:
    """Modelina takes no reference at the top, and calls a type by its title."""
    if "$ref" in schema:
        schema = {**schema["$defs"][schema["$ref"].rpartition("/")[2]], "$defs": schema["$defs"]}
    return {**schema, "title": "Root"}


def _write_checks(project: Path, one: dict[str, Any], made: dict[str, Any]) -> None:
    values = {"received": one["received"], "sent": one["sent"], "wrong": one["wrong"]}
    for what, given in values.items():
        file = project / f"{one['name']}.{what}.ts"
        file.unlink(missing_ok=True)
        code = made["received" if what == "received" else "sent"]
        if isinstance(code, str) and given is not None:
            literals = json.dumps(given)
            file.write_text(f"{code}\nexport const values: Root[] = {literals}\n", encoding="utf-8")


def _run(*command: str | Path, given: str, where: Path = HERE) -> str:
    return subprocess.run(
        command, input=given, cwd=where, capture_output=True, text=True, check=True
    ).stdout


def main() -> None:
    """Ask every tool, and record what each has said."""
    warnings.simplefilter("ignore")
    folder = Path(sys.argv[1]).resolve()
    constructs = asked()
    given = json.dumps(constructs)
    said = {
        "chanx": json.loads(_run(folder / "chanx/bin/python", "chanx_says.py", given=given)),
        "FastWS": json.loads(_run(folder / "fastws/bin/python", "fastws_says.py", given=given)),
        "Modelina": modelina(folder / "modelina", constructs),
    }
    for tool, found in said.items():
        right = [name for name, one in found["constructs"].items() if exact(one)]
        print(f"{tool} {found['version']}: {len(right)} of {len(constructs)} exactly")
    record = {
        "what": "what other tools make of each construct of the corpus",
        "command": "python bench/compare/constructs.py FOLDER",
        "values": VALUES,
        "tools": said,
    }
    RESULTS.write_text(json.dumps(record, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def exact(verdict: dict[str, Any]) -> bool:
    """Whether a tool takes what travels both ways, and refuses what is wrong."""
    return all(verdict.get(one) is True for one in ("received", "sent", "refuses"))


if __name__ == "__main__":
    main()
