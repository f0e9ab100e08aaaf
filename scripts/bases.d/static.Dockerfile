# gcr.io/distroless/static: users, certificates and time zones; no shell, no libc. Context: root/.
FROM scratch
COPY root/ /
COPY --from=debian:bookworm-slim /usr/share/zoneinfo/ /usr/share/zoneinfo/
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
USER 0
WORKDIR /
