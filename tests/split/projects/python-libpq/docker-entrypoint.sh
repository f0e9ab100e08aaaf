#!/bin/bash
set -e
if [ -n "$WAIT" ]; then curl -f $WAIT; fi
exec "$@"
