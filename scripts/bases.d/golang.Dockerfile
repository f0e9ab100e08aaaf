# golang:1.23 (target full) and golang:1.23-alpine (target small). Context: go/, the toolchain.
# The module that the examples use is served from a directory, made of Debian's pristine source of it,
# so that `go mod download` needs no module proxy; go.sum checks it as it checks any other.
FROM debian:bookworm-slim AS modules
WORKDIR /modules
RUN find /etc/apt -name '*.sources' -exec sed -i 's/^Types: deb$/Types: deb deb-src/' {} + \
 && find /etc/apt -name '*.list' -exec sed -i 's/^deb \(.*\)/&\ndeb-src \1/' {} + \
 && apt-get update -q \
 && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends zip \
 && apt-get source -q --download-only golang-github-google-uuid
RUN module=github.com/google/uuid version=v$(ls *.orig.tar.gz | sed 's/.*_\(.*\)\.orig\.tar\.gz/\1/') \
 && mkdir -p "$module@$version" "proxy/$module/@v" \
 && tar -xzf *.orig.tar.gz -C "$module@$version" --strip-components=1 \
 && zip -qDXr "proxy/$module/@v/$version.zip" "$module@$version" \
 && cp "$module@$version/go.mod" "proxy/$module/@v/$version.mod" \
 && echo "$version" >"proxy/$module/@v/list" \
 && echo "{\"Version\":\"$version\"}" >"proxy/$module/@v/$version.info"

FROM debian:bookworm-slim AS full
RUN apt-get update -q \
 && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends \
    ca-certificates gcc git libc6-dev make pkg-config \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt /var/log/apt /var/log/dpkg.log
RUN mkdir -p -m 1777 /go/src /go/bin
COPY go/ /usr/local/go/
COPY --from=modules /modules/proxy/ /usr/local/share/goproxy/
ARG GOLANG_VERSION
ENV GOLANG_VERSION=$GOLANG_VERSION GOTOOLCHAIN=local GOPATH=/go
ENV PATH=/go/bin:/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
WORKDIR /go
CMD ["bash"]

FROM alpine AS small
RUN mkdir -p -m 1777 /go/src /go/bin
COPY go/ /usr/local/go/
COPY --from=modules /modules/proxy/ /usr/local/share/goproxy/
ARG GOLANG_VERSION
ENV GOLANG_VERSION=$GOLANG_VERSION GOTOOLCHAIN=local GOPATH=/go
ENV PATH=/go/bin:/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
WORKDIR /go
CMD ["/bin/sh"]
