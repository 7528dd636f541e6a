# This repository's Meltano project: both plugins, and the extractors and loaders that they are tested with.
#
#     docker build --tag singer-listrak .
#     docker run --rm --env-file .env singer-listrak run tap-listrak target-postgres
#
# Settings come from the environment (.env.example lists them). The container keeps nothing: name a place for the
# state, MELTANO_STATE_BACKEND_URI=s3://… for example, or mount a folder at /project/.meltano/run and one for files.
FROM python:3.13-slim AS build

ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 MELTANO_SEND_ANONYMOUS_USAGE_STATS=false
WORKDIR /project
COPY . .
# The same versions that the tests run with.
RUN python -m venv /meltano \
    && /meltano/bin/pip install --constraint constraints.txt meltano uv
ENV PATH=/meltano/bin:$PATH
RUN meltano install tap-listrak target-listrak tap-postgres tap-spreadsheets target-duckdb target-jsonl target-postgres \
    && rm -rf ~/.cache

FROM python:3.13-slim

RUN useradd --create-home --uid 10001 listrak
COPY --from=build /meltano /meltano
COPY --from=build --chown=listrak:listrak /project /project
WORKDIR /project
USER 10001
ENV PATH=/meltano/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    MELTANO_ENVIRONMENT=prod \
    MELTANO_AUTO_INSTALL=false \
    MELTANO_SEND_ANONYMOUS_USAGE_STATS=false
ENTRYPOINT ["meltano"]
CMD ["--help"]
