"""The compiler that is started once says what `tsc` says."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from packages.topicwire.tests.codegen.typescript_project import BIN, TypeScriptProject
from packages.topicwire.tests.corpus.models import Plain
from packages.topicwire.tests.corpus.routes import ListenRequest, adapter_of

from topicwire.asyncapi.document import build

RIGHT = """
import { routeNames, type Routes } from './ws-client-generated/index.js'
export const names: readonly string[] = routeNames
export const name: keyof Routes = 'plain'
"""
WRONG = """
import type { Routes } from './ws-client-generated/index.js'
import { nothing } from './ws-types-generated/index.js'
export const name: keyof Routes = 1
export const inferred = nothing()
"""
UNFINISHED = WRONG + "("
UNDECLARED = "export const inferred = [1].map(String)\n"


@pytest.mark.parametrize("text", [RIGHT, WRONG, UNFINISHED, UNDECLARED])
def test_it_says_what_tsc_says(text: str, tmp_path: Path) -> None:
    project = TypeScriptProject(tmp_path, build(adapter_of({"plain": (ListenRequest, Plain)})))
    project.write("main.ts", text)
    said = project.compile()
    done = subprocess.run(
        [BIN / "tsc", "-p", "."], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert said == done.stdout
    assert (said == "") == (done.returncode == 0) == (text == RIGHT)
