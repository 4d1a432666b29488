FROM python:3.12-slim
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 MOSSX_ENV=production MOSSX_DATA_DIR=/data PORT=8000 \
    PROMETHEUS_MULTIPROC_DIR=/tmp/metrics
RUN useradd --system --create-home --uid 10001 mossx && install -d -o mossx -g mossx /data
WORKDIR /srv/mossx
COPY requirements.txt .
RUN pip install --no-cache-dir --require-hashes -r requirements.txt
COPY app app
COPY demo demo
COPY migrations migrations
COPY static static
COPY templates templates
COPY translations translations
COPY wsgi.py .
USER mossx
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=3s CMD ["python", "-c", "import os,urllib.request as u; u.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/healthz', timeout=2)"]
CMD ["sh", "-c", "rm -rf $PROMETHEUS_MULTIPROC_DIR && mkdir -p $PROMETHEUS_MULTIPROC_DIR && exec granian --interface wsgi --host 0.0.0.0 --port $PORT --workers 2 --blocking-threads 8 --respawn-failed-workers --no-ws wsgi:app"]
