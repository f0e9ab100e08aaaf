package main

import (
	"fmt"
	"net/http"
	"os"
)

func main() {
	if len(os.Args) > 1 {
		fmt.Println("static", os.Args[1])
		return
	}
	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "static") })
	if err := http.ListenAndServe(":8080", nil); err != nil {
		panic(err)
	}
}
