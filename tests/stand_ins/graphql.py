"""GraphQL queries and answers, held by the reference implementation against GitHub's own schema (npm).

What GitHub added after the published schema is in `later.graphql`, with the page that documents it.
"""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.stand_ins.fetch import fetch_npm, install_npm, node_environment
from tests.stand_ins.github_json import Json, Value

SCHEMA_VERSION, GRAPHQL_VERSION = "15.26.1", "16.11.0"
LATER = Path(__file__).with_name("later.graphql")

QUERY_FAILURES: tuple[tuple[Json, str], ...] = (
    ({"type": "RATE_LIMITED", "message": "later"}, "Run it again in an hour"),
    ({"type": "NOT_FOUND", "message": "no repository"}, "It does not exist, or the token has no access to it"),
    ({"type": "INTERNAL", "message": "oops"}, "GitHub answered: oops"),
)
"""What GitHub's GraphQL says with the status 200 when it fails, and what is told of it."""

_START = """
const {buildSchema, extendSchema, graphqlSync, parse, validate} = require('graphql');
const {readFileSync} = require('fs');
const [published, later] = process.argv.slice(1).map(name => readFileSync(name, 'utf-8'));
const schema = extendSchema(buildSchema(published, {assumeValid: true}), parse(later), {assumeValid: true});
const given = JSON.parse(readFileSync(0, 'utf-8'));
"""
_VALIDATE = """
console.log(JSON.stringify(given.map(query => validate(schema, parse(query)).map(error => error.message))));
"""

_EXECUTE = """
const fieldResolver = (source, args, context, info) => source[info.path.key];
console.log(JSON.stringify(graphqlSync({schema, fieldResolver, ...given})));
"""


def find_query_errors(queries: Sequence[str]) -> list[list[str]]:
    """What is wrong with each of the queries; nothing where GitHub understands it."""
    errors: list[list[str]] = _ask_node(_VALIDATE, queries)
    return errors


def answer_again(query: str, variables: Json, data: Json) -> Json:
    """What a server of GitHub's schema answers whose data is that of an answer: the same, if it is what was asked for.

    What nobody asked for is left out; what is missing, or of another type, stands in `errors`.
    """
    answer: Json = _ask_node(_EXECUTE, {"source": query, "variableValues": variables, "rootValue": data})
    return answer


def _ask_node(script: str, given: Value) -> Value:
    schema = fetch_npm("@octokit/graphql-schema", SCHEMA_VERSION, only="schema.graphql") / "schema.graphql"
    home = install_npm("graphql", GRAPHQL_VERSION)
    command = ["node", "-e", _START + script, str(schema), str(LATER)]
    done = subprocess.run(
        command, input=json.dumps(given), cwd=home, env=node_environment(), capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)
