package main

import (
	"fmt"
	"os"
	"os/exec"
	"text/template"
)

var version = "none"

func main() {
	who, err := exec.Command("id", "-un").Output()
	if err != nil {
		panic(err)
	}
	page := template.Must(template.ParseFiles("templates/page.txt"))
	if err := page.Execute(os.Stdout, map[string]string{"Version": version}); err != nil {
		panic(err)
	}
	if err := os.WriteFile("/var/lib/site/last", who, 0o644); err != nil {
		panic(err)
	}
	fmt.Printf("as %s", who)
}
