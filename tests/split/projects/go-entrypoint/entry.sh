#!/bin/bash
set -euo pipefail
echo '{"a":1}' | jq .a
exec "$@"
