# debian:bookworm-slim. Context: rootfs.tar from mmdebstrap; host/ with this machine's certificates.
FROM scratch
ADD rootfs.tar /
COPY host/ /
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
CMD ["bash"]
