from pathlib import Path

Path("out").mkdir()
for page in Path("pages").glob("*.txt"):
    Path("out", page.stem + ".html").write_text(f"<p>{page.read_text().strip()}</p>\n")
