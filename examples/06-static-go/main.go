// Command server answers every request with a new id; with -fetch it makes one HTTPS request instead.
package main

import (
	"flag"
	"fmt"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/google/uuid"
)

func fetch(url string) (string, error) {
	client := http.Client{Timeout: 30 * time.Second}
	answer, err := client.Get(url)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	return answer.Status, nil
}

func id(w http.ResponseWriter, _ *http.Request) {
	fmt.Fprintln(w, uuid.New())
}

func main() {
	check := flag.Bool("check", false, "print one id and stop")
	url := flag.String("fetch", "", "make one request to this URL, print the answer's status and stop")
	flag.Parse()
	switch {
	case *check:
		fmt.Println(uuid.New())
	case *url != "":
		status, err := fetch(*url)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(status)
	default:
		port := os.Getenv("PORT")
		if port == "" {
			port = "8080"
		}
		log.Printf("listening on port %s", port)
		log.Fatal(http.ListenAndServe(":"+port, http.HandlerFunc(id)))
	}
}
