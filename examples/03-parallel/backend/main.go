// Command server serves the page in /static and the time in the zone it is asked for.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"time"
)

func now(w http.ResponseWriter, r *http.Request) {
	zone, err := time.LoadLocation(r.URL.Query().Get("zone"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	moment := time.Now().In(zone)
	_ = json.NewEncoder(w).Encode(map[string]string{"time": moment.Format(time.RFC3339), "zone": zone.String()})
}

func handler(static string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/time", now)
	mux.Handle("GET /", http.FileServer(http.Dir(static)))
	return mux
}

func main() {
	static := flag.String("static", "/static", "folder of the page")
	check := flag.Bool("check", false, "ask for the page and the time once, print the answers' status and stop")
	flag.Parse()
	if *check {
		for _, path := range []string{"/", "/main.js", "/api/time?zone=Asia/Tokyo"} {
			answer := httptest.NewRecorder()
			handler(*static).ServeHTTP(answer, httptest.NewRequest(http.MethodGet, path, nil))
			fmt.Println(answer.Code, path)
		}
		return
	}
	port := os.Getenv("PORT")
	if port == "" {
		port = "8080"
	}
	log.Printf("listening on port %s", port)
	log.Fatal(http.ListenAndServe(":"+port, handler(*static)))
}
