#!/usr/bin/env bash
# Prints the compressed size of the image, layer by layer. Needs root and the Debian packages buildah and debootstrap,
# but no container engine: a Debian with its own Python stands in for the base, whose true size
# (python:3.13.14-slim-bookworm, amd64) is what docker-library/repo-info states for its digest.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

base_bytes=44324229
work=$(mktemp -d)
store=(buildah --root "$work/store" --runroot "$work/run")
export STORAGE_DRIVER=vfs BUILDAH_ISOLATION=chroot
trap '"${store[@]}" rmi --all --force >"$work/log" 2>&1 || true; rm -rf "$work"' EXIT

tag=$(sed -n 's/^FROM \(python:[^@ ]*\).*/\1/p;' Dockerfile | head -n 1)
mkdir "$work/base"
debootstrap --variant=minbase --include=python3,python3-pip,python3-venv,ca-certificates bookworm "$work/root" >"$work/log"
rm "$work"/root/usr/lib/python3*/EXTERNALLY-MANAGED
find "$work/root/usr/lib/python3"* -depth -name __pycache__ -exec rm -r {} +  # the true base has no bytecode either
ln -s /usr/bin/python3 "$work/root/usr/local/bin/python"
tar -C "$work/root" --exclude='./proc/*' --exclude='./sys/*' --exclude='./dev/*' -cf "$work/base/root.tar" .
printf 'FROM scratch\nADD root.tar /\n' >"$work/base/Dockerfile"
"${store[@]}" bud --quiet --tag "docker.io/library/$tag" "$work/base" >"$work/log"

# A stand-in has another digest.
sed 's/@sha256:[0-9a-f]*//' Dockerfile >"$work/Dockerfile"
"${store[@]}" bud --quiet --pull-never --layers --network host --volume /etc/ssl/certs:/etc/ssl/certs:ro \
    --ignorefile .dockerignore --file "$work/Dockerfile" --tag localhost/signpost . >"$work/log"
"${store[@]}" push --quiet localhost/signpost "oci:$work/image:signpost"

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
