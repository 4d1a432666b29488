# syntax=docker/dockerfile:1
# The shop's image, for web, worker and every command. It needs nothing writable but /data and /tmp.

FROM python:3.12-slim AS build
# Only for platforms without a wheel of everything; nothing of it is in the image that is shipped.
# hadolint ignore=DL3008
RUN apt-get update && apt-get install --yes --no-install-recommends build-essential \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY requirements.txt .
RUN python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --require-hashes --requirement requirements.txt \
    && /venv/bin/pip uninstall --yes pip

FROM python:3.12-slim
ENV PATH=/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 HOME=/tmp \
    MOSSX_ENV=production MOSSX_DATA_DIR=/data PORT=8000
RUN install --directory --owner=10001 --group=10001 /data
COPY --from=build /venv /venv
WORKDIR /srv/mossx
COPY serve.py wsgi.py ./
COPY migrations migrations
COPY static static
COPY templates templates
COPY translations translations
COPY demo demo
COPY app app
RUN python -m compileall -q --invalidation-mode unchecked-hash app migrations serve.py wsgi.py
USER 10001:10001
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-m", "serve", "--check", "8000"]
CMD ["python", "-m", "serve", "--host", "0.0.0.0"]
