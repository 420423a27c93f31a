#!/usr/bin/env bash
# Builds the image without a container engine, runs it on a recorded issue, and prints its compressed size, layer by layer.
# Needs root and the Debian package buildah. If the registry of the base cannot be reached, a Debian with its own Python
# stands in for it (package debootstrap). Its true size (python:3.13.14-slim-bookworm, amd64) is what
# docker-library/repo-info states for its digest.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

base_bytes=44324229
rule=extra-usage-400
work=$(mktemp -d)
store=(buildah --root "$work/store" --runroot "$work/run")
export STORAGE_DRIVER=vfs BUILDAH_ISOLATION=chroot
trap '"${store[@]}" rm --all >"$work/log" 2>&1 || true; "${store[@]}" rmi --all --force >"$work/log" 2>&1 || true; rm -rf "$work"' EXIT

base=$(sed -n 's/^FROM \(python:[^ ]*\).*/docker.io\/library\/\1/p;' Dockerfile | head -n 1)
cp Dockerfile "$work/Dockerfile"
if ! timeout 60 "${store[@]}" pull --quiet "$base" >"$work/log" 2>&1; then
    echo "the base cannot be pulled; a Debian stands in for it"
    mkdir "$work/base"
    debootstrap --variant=minbase --include=python3,python3-pip,python3-venv,ca-certificates bookworm "$work/root" >"$work/log"
    rm "$work"/root/usr/lib/python3*/EXTERNALLY-MANAGED
    find "$work/root/usr/lib/python3"* -depth -name __pycache__ -exec rm -r {} + # the true base has no bytecode either
    ln -s /usr/bin/python3 "$work/root/usr/local/bin/python"
    tar -C "$work/root" --exclude='./proc/*' --exclude='./sys/*' --exclude='./dev/*' -cf "$work/base/root.tar" .
    rm -r "$work/root"
    printf 'FROM scratch\nADD root.tar /\n' >"$work/base/Dockerfile"
    "${store[@]}" bud --quiet --tag "${base%@*}" "$work/base" >"$work/log"
    sed -i 's/@sha256:[0-9a-f]*//' "$work/Dockerfile" # a stand-in has another digest
fi
"${store[@]}" bud --quiet --pull-never --layers --network host --volume /etc/ssl/certs:/etc/ssl/certs:ro \
    --ignorefile .dockerignore --file "$work/Dockerfile" --tag localhost/signpost . >"$work/log"

mkdir "$work/out"
container=$("${store[@]}" from --pull-never localhost/signpost)
"${store[@]}" run --volume "$PWD/tests/cases/$rule:/case:ro" --volume "$work/out:/out" --workingdir /case \
    --env GITHUB_ACTIONS=true --env GITHUB_EVENT_NAME=issues --env GITHUB_EVENT_PATH=/case/event.json \
    --env GITHUB_OUTPUT=/out/outputs --env INPUT_RULES=pack:claude-code --env INPUT_DRY-RUN=true \
    "$container" -- /opt/signpost/bin/python -m bot.cli.action >"$work/log"
grep --quiet --fixed-strings "[\"$rule\"]" "$work/out/outputs"
echo "the image recognises the recorded issue"

"${store[@]}" push --quiet localhost/signpost "oci:$work/image:signpost" >"$work/log"
python3 - "$work/image" "$base_bytes" <<'END'
import json
import sys
from pathlib import Path

blobs = Path(sys.argv[1], "blobs", "sha256")
index = json.loads(Path(sys.argv[1], "index.json").read_bytes())
manifest = json.loads((blobs / index["manifests"][0]["digest"].removeprefix("sha256:")).read_bytes())
sizes = {"base, as stated": int(sys.argv[2])}
sizes |= {f"our layer {number}": layer["size"] for number, layer in enumerate(manifest["layers"][1:], 1)}
for name, size in (*sizes.items(), ("image", sum(sizes.values()))):
    print(f"{name:<16} {size / 1e6:6.1f} MB compressed")
END
