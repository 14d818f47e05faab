# Kumun's web, worker and command line in one image. Built in two steps: what compiles or downloads stays behind.
FROM python:3.11-slim-bookworm AS paquets
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/kumun
COPY requirements/run.txt /tmp/run.txt
RUN /opt/kumun/bin/pip install --no-deps --require-hashes --requirement /tmp/run.txt

FROM python:3.11-slim-bookworm
LABEL org.opencontainers.image.title="Kumun" \
      org.opencontainers.image.description="The portal through which communes serve their residents" \
      org.opencontainers.image.licenses="AGPL-3.0-or-later"
RUN groupadd --gid 10001 kumun \
 && useradd --no-log-init --uid 10001 --gid kumun --no-create-home --home-dir /srv/kumun --shell /usr/sbin/nologin kumun \
 && install --directory --owner=kumun --group=kumun --mode=0700 /var/lib/kumun
COPY --from=paquets /opt/kumun /opt/kumun
WORKDIR /srv/kumun
COPY . .
RUN /opt/kumun/bin/python -m compileall -q app migrations \
 && ln -s /srv/kumun/kumun /usr/local/bin/kumun
ENV PATH=/opt/kumun/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    KUMUN_VAR=/var/lib/kumun \
    HOST=0.0.0.0 \
    PORT=8000
USER kumun
VOLUME /var/lib/kumun
EXPOSE 8000
# A clean stop ends by the signal itself; uvicorn drains for up to 10 seconds.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
  CMD ["python", "-m", "deploy.sante"]
CMD ["python", "-m", "app.main"]
