// Command wordcount prints the lines, words and bytes of files, or of standard input.
package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
)

func count(name string) error {
	file := os.Stdin
	if name != "-" {
		opened, err := os.Open(name)
		if err != nil {
			return err
		}
		defer opened.Close()
		file = opened
	}
	text, err := io.ReadAll(file)
	if err != nil {
		return err
	}
	fmt.Println(bytes.Count(text, []byte("\n")), len(bytes.Fields(text)), len(text), name)
	return nil
}

func main() {
	names := os.Args[1:]
	if len(names) == 0 {
		names = []string{"-"}
	}
	failed := false
	for _, name := range names {
		if err := count(name); err != nil {
			fmt.Fprintln(os.Stderr, "wordcount:", err)
			failed = true
		}
	}
	if failed {
		os.Exit(1)
	}
}
