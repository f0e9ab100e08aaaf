# busybox:uclibc (target hard) and alpine (target symbolic). Context: root/ with /bin/busybox in it.
FROM scratch AS linked
COPY root/ /
RUN ["/bin/busybox", "--install", "/bin"]

# Linking copies /bin/busybox into the upper layer; starting over keeps one copy of it.
FROM scratch AS hard
COPY --from=linked / /
CMD ["sh"]

FROM scratch AS symbolic
COPY root/ /
RUN ["/bin/busybox", "--install", "-s"]
CMD ["/bin/sh"]
