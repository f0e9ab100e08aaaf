"""A build that is asked again with nothing changed: answered from the receipt of the build before.

A build that succeeds leaves a receipt: what it was asked, what it looked at, and what it answered. The same command line
is answered from it where all that it looked at is provably still the same: the Dockerfile, the ignore files and the
configuration have the same bytes, the files of the context the same inodes, sizes and times, the bases' tags the same
digests at their registries, and the store still has every step and every blob. Where anything differs, or cannot be told, the build
is an ordinary one.

What answers (`replay`, `question`, `receipt`, `survey`, `glance`, `archive`) loads nothing but small modules of the standard
library: loading all that builds takes longer than answering. What leaves receipts (`keep`) runs after a build that loaded all of it.
"""
