"""OpenStack's Swift with its S3 API, all of its four servers in one process; run by the Python that Debian's Swift is for.

`swift_server.py FOLDER PORT`: everything is kept in the folder, one bucket owner is `test:tester` with the secret `testing`.
"""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

import eventlet
import eventlet.wsgi
from swift.common import utils
from swift.common.ring import RingBuilder
from swift.common.wsgi import SwiftHttpProtocol, loadapp

REGION = "us-east-1"
KINDS = ("account", "container", "object")
# Swift's servers give each other up after half a second, which this one process may wait for a processor.
PATIENCE = "\n".join(f"{name} = 60" for name in ("conn_timeout", "node_timeout", "container_update_timeout"))
PROXY = """
[DEFAULT]
swift_dir = {folder}
{patience}
[pipeline:main]
pipeline = catch_errors gatekeeper cache listing_formats bulk s3api tempauth slo proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:1
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:bulk]
use = egg:swift#bulk
[filter:s3api]
use = egg:swift#s3api
location = {region}
dns_compliant_bucket_names = false
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing .admin
[filter:slo]
use = egg:swift#slo
"""
STORAGE = """
[DEFAULT]
swift_dir = {folder}
devices = {folder}/devices
mount_check = false
fallocate_reserve = 0
{patience}
[pipeline:main]
pipeline = {kind}-server
[app:{kind}-server]
use = egg:swift#{kind}
"""


def serve(conf: Path, port: int) -> int:
    """Begins to; gives the port."""
    app = loadapp(str(conf), global_conf={"log_name": conf.stem})
    listening = eventlet.listen(("127.0.0.1", port))
    log = logging.getLogger("wsgi")
    eventlet.spawn(eventlet.wsgi.server, listening, app, log, protocol=SwiftHttpProtocol, log_output=False)
    found: int = listening.getsockname()[1]
    return found


def main(folder: Path, port: int) -> None:
    utils.eventlet_monkey_patch()
    logging.basicConfig(level=logging.ERROR)
    (folder / "devices" / "d1").mkdir(parents=True)
    for kind in KINDS:
        conf = folder / f"{kind}.conf"
        conf.write_text(STORAGE.format(folder=folder, kind=kind, patience=PATIENCE))
        builder = RingBuilder(2, 1, 1)
        place = {"region": 1, "zone": 1, "ip": "127.0.0.1", "port": serve(conf, 0), "device": "d1", "weight": 1.0}
        builder.add_dev(place)
        builder.rebalance()
        builder.get_ring().save(str(folder / f"{kind}.ring.gz"))
    conf = folder / "proxy.conf"
    conf.write_text(PROXY.format(folder=folder, region=REGION, patience=PATIENCE))
    serve(conf, port)
    while os.getppid() != 1:
        eventlet.sleep(1)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
