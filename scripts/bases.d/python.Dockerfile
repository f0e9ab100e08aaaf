# python:3.11-slim (target slim) and python:3.11 (target full): Debian's Python under the names of the well-known image, with
# pip that installs where it is asked to. PIP_INDEX is the package index that pip is set to here; empty for pip's own default.
ARG PIP_INDEX

FROM debian:bookworm-slim AS python
RUN apt-get update -q \
 && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends \
    ca-certificates python3 python3-pip python3-venv \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt /var/log/apt /var/log/dpkg.log /usr/lib/python3*/EXTERNALLY-MANAGED \
 && for name in python python3 python3.11; do ln -s /usr/bin/python3.11 /usr/local/bin/$name; done \
 && for name in pip pip3; do ln -s /usr/bin/pip3 /usr/local/bin/$name; done
ENV LANG=C.UTF-8 PIP_CERT=/etc/ssl/certs/ca-certificates.crt SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
ENV REQUESTS_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt PIP_ROOT_USER_ACTION=ignore
CMD ["python3"]

FROM python AS python-mirrored
ARG PIP_INDEX
RUN pip config --global set global.index-url "$PIP_INDEX"
ENV UV_DEFAULT_INDEX=$PIP_INDEX

FROM python${PIP_INDEX:+-mirrored} AS slim

FROM slim AS full
RUN apt-get update -q \
 && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends \
    build-essential curl git libsqlite3-dev libssl-dev pkg-config python3-dev zlib1g-dev \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt /var/log/apt /var/log/dpkg.log
