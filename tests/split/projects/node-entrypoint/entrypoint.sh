#!/bin/sh
set -e
echo "starting" >/data/log
exec "$@"
