"""A static Go program that needs nothing but the standard library, on scratch."""

from pathlib import Path

MAIN = """\
package main

import (
\t"encoding/json"
\t"log"
\t"net/http"

\t"example.test/server/internal/greet"
)

func main() {
\thttp.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
\t\t_ = json.NewEncoder(w).Encode(map[string]string{"greeting": greet.Hello(r.URL.Path)})
\t})
\tlog.Fatal(http.ListenAndServe(":8080", nil))
}
"""


def make(root: Path) -> None:
    (root / "go.mod").write_text("module example.test/server\n\ngo 1.23\n")
    (root / "cmd/server").mkdir(parents=True)
    (root / "cmd/server/main.go").write_text(MAIN)
    (root / "internal/greet").mkdir(parents=True)
    edit(root, 0)


def edit(root: Path, n: int) -> None:
    (root / "internal/greet/greet.go").write_text(
        f'package greet\n\nfunc Hello(who string) string {{ return "hello {n}, " + who }}\n'
    )
