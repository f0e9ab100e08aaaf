"""Pages that are there already: a small server beside them is all."""

from __future__ import annotations

from stagemill.split.start.folder import Folder, Start, ignore


def start(folder: Folder, command: str) -> Start | None:
    """For a folder with index.html, or with one in `public`."""
    found = folder.has("index.html", "public/index.html")
    if not found or command:
        return None
    place = found.rpartition("/")[0] or "."
    text = f"""# Nothing is built, so one stage is enough.
FROM busybox:1.37 AS runtime
COPY {place} /www
EXPOSE 8080
USER nobody
CMD ["busybox", "httpd", "-f", "-p", "8080", "-h", "/www"]
"""
    return Start("site", "", text, ignore(("node_modules",)), "busybox httpd")
