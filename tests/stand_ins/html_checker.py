"""What is invalid in HTML, as the W3C's own checker finds it: the Nu Html Checker (npm `vnu-jar`), which needs Java."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterable

import pytest

from tests.stand_ins.fetch import fetch_npm
from tests.stand_ins.patience import LONGEST

VNU = ("vnu-jar", "26.9.27", "build/dist/vnu.jar")


def find_invalid(urls: Iterable[str]) -> list[str]:
    """What is invalid in the pages at those addresses, which a server must serve: a policy means nothing in a file.

    Without Java the test is skipped, except in CI, where that fails.
    """
    program = shutil.which("java")
    if program is None:
        give_up = pytest.fail if os.environ.get("CI") else pytest.skip
        give_up("this machine has no Java; install Debian's package default-jre-headless")
    package, version, file = VNU
    jar = fetch_npm(package, version, only=file) / file
    command = [
        program,
        "-Dnu.validator.servlet.allow-forbidden-hosts=true",
        "-jar",
        str(jar),
        "--format",
        "json",
        "--exit-zero-always",
        *urls,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=LONGEST)
    found = json.loads(done.stderr)["messages"]
    return [f"{each['url']} {each.get('lastLine', 0)}: {each['message']}" for each in found]
