# The digest is the one for all platforms, as docker-library/repo-info lists it for this tag; Dependabot moves both.
FROM python:3.13.14-slim-bookworm@sha256:67a1e1f215ccda113cfc024e8639049257e88f273898f595b61476d128d387e8 AS build
WORKDIR /build
COPY requirements/ requirements/
RUN pip install --no-cache-dir --require-hashes --requirement requirements/build.txt \
    && python -m venv --without-pip /opt/signpost \
    && pip --python /opt/signpost install --no-cache-dir --no-compile --require-hashes --requirement requirements/run.txt
COPY . .
# Bytecode that is never compared with its source: a container starts without compiling, and without looking.
RUN pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir dist . \
    && pip --python /opt/signpost install --no-cache-dir --no-compile --no-deps dist/*.whl \
    && /opt/signpost/bin/python -m bot.rules.stored /opt/signpost/lib/python3*/site-packages/bot/packs \
    && python -m compileall -q --invalidation-mode unchecked-hash /opt/signpost/lib

# What only the server needs: its packages, at the same place.
FROM build AS build-server
RUN pip --python /opt/signpost install --no-cache-dir --no-compile --require-hashes --requirement requirements/server.txt \
    && python -m compileall -q --invalidation-mode unchecked-hash /opt/signpost/lib

FROM python:3.13.14-slim-bookworm@sha256:67a1e1f215ccda113cfc024e8639049257e88f273898f595b61476d128d387e8 AS base
LABEL org.opencontainers.image.title="Signpost" \
      org.opencontainers.image.description="Recognises known problems in new GitHub issues and answers with one guidance comment" \
      org.opencontainers.image.source="https://github.com/signpost-bot/signpost" \
      org.opencontainers.image.licenses="MIT"
# The working directory of an action is its user's checkout: a bot/ folder there must never be imported, for it would run
# with our token.
ENV PYTHONSAFEPATH=1 PYTHONUNBUFFERED=1

# The server: `docker build --target server .`; docs/server.md explains it. /data holds its SQLite file, if it uses one.
FROM base AS server
COPY --from=build-server /opt/signpost /opt/signpost
RUN install --directory --owner 10001 --group 10001 --mode 0700 /data \
    && /opt/signpost/bin/python -c "import bot.server.serve, bot.server.inbox.postgres"
ENV PATH=/opt/signpost/bin:$PATH \
    SIGNPOST_HOST=0.0.0.0
USER 10001
WORKDIR /data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f\"http://127.0.0.1:{os.environ.get('SIGNPOST_PORT') or 8000}/healthz\", timeout=4)"]
ENTRYPOINT ["python", "-m", "bot", "serve"]

FROM base AS runtime
COPY --from=build /opt/signpost /opt/signpost
# The base comes without the bytecode of Python's own modules; importing ours once leaves it in place.
RUN ["/opt/signpost/bin/python", "-c", "import argparse, github, jinja2.sandbox, logging, pydantic.main, re2, yaml"]

# Everything but the action: `docker build --target cli .`
FROM runtime AS cli
USER 10001
ENTRYPOINT ["/opt/signpost/bin/python", "-m", "bot"]

# The action, last and so the default. It stays root: GitHub mounts the workspace and the command files for root.
FROM runtime AS action
ENTRYPOINT ["/opt/signpost/bin/python", "-m", "bot.cli.action"]
