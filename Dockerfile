# The command line, for the CPU, as a user without rights:
#   docker build -t dscbrainseg .
#   docker run --rm --user "$(id -u):$(id -g)" -v "$PWD:/data" dscbrainseg segment /data/dicom -o /data/results
# .ci/docker builds and tries it.
FROM python:3.12-slim AS build
WORKDIR /source
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY DSCBrainSegLib DSCBrainSegLib
COPY Resources/weights Resources/weights
RUN python -m venv /opt/dscbrainseg \
    && /opt/dscbrainseg/bin/pip install --no-cache-dir ".[node]"

FROM python:3.12-slim
COPY --from=build /opt/dscbrainseg /opt/dscbrainseg
RUN useradd --create-home --uid 1000 dscbrainseg
USER dscbrainseg
WORKDIR /data
ENV PATH=/opt/dscbrainseg/bin:$PATH PYTHONUNBUFFERED=1
ENTRYPOINT ["dscbrainseg"]
CMD ["--help"]
