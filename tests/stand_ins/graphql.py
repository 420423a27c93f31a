"""GraphQL queries held against GitHub's own schema (npm @octokit/graphql-schema), by the reference implementation."""

import json
import subprocess
from collections.abc import Sequence

from tests.stand_ins.fetch import fetch_npm, install_npm, node_environment

SCHEMA_VERSION, GRAPHQL_VERSION = "15.26.1", "16.11.0"

_SCRIPT = """
const {buildSchema, parse, validate} = require('graphql');
const {readFileSync} = require('fs');
const schema = buildSchema(readFileSync(process.argv[1], 'utf-8'), {assumeValid: true});
const queries = JSON.parse(readFileSync(0, 'utf-8'));
console.log(JSON.stringify(queries.map(query => validate(schema, parse(query)).map(error => error.message))));
"""


def find_query_errors(queries: Sequence[str]) -> list[list[str]]:
    """What is wrong with each of the queries; nothing where GitHub understands it."""
    schema = fetch_npm("@octokit/graphql-schema", SCHEMA_VERSION, only="schema.graphql") / "schema.graphql"
    home = install_npm("graphql", GRAPHQL_VERSION)
    command = ["node", "-e", _SCRIPT, str(schema)]
    done = subprocess.run(
        command, input=json.dumps(queries), cwd=home, env=node_environment(), capture_output=True, text=True, check=True
    )
    errors: list[list[str]] = json.loads(done.stdout)
    return errors
