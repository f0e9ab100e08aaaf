# node:22-slim (target slim) and node:22 (target full). Context: bin/, lib/, include/ as below /usr/local.
# NPM_REGISTRY is the npm registry that this machine is set to; empty for npm's own default.
ARG NPM_REGISTRY

FROM debian:bookworm-slim AS node
RUN groupadd --gid 1000 node && useradd --uid 1000 --gid node --shell /bin/bash --create-home node
COPY bin/ /usr/local/bin/
COPY lib/ /usr/local/lib/
ARG NODE_VERSION
ENV NODE_VERSION=$NODE_VERSION NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
CMD ["node"]

FROM node AS node-mirrored
ARG NPM_REGISTRY
RUN npm config set --global registry "$NPM_REGISTRY"
ENV COREPACK_NPM_REGISTRY=$NPM_REGISTRY

FROM node${NPM_REGISTRY:+-mirrored} AS slim

FROM slim AS full
RUN apt-get update -q \
 && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends \
    ca-certificates curl git openssh-client procps wget \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt /var/log/apt /var/log/dpkg.log
RUN apt-get update -q \
 && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends \
    build-essential file libsqlite3-dev libssl-dev patch pkg-config python3 unzip xz-utils zlib1g-dev \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt /var/log/apt /var/log/dpkg.log
COPY include/ /usr/local/include/
