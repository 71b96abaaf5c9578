package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/signal"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"ragway/retriever/qdrant/qdranttest"
)

// The scripts run this binary as `ragway`, in a folder of their own, without the caller's
// environment.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"ragway": func() {
			ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			os.Exit(run(ctx, os.Args[1:], stdio{os.Stdin, os.Stdout, os.Stderr}, os.Environ()))
		},
	})
}

// TestScripts gives each script $QDRANT, a server of the tests that all scripts share, and
// $MODELS, the base URL of an embedding server, and $PAGES, a small site.
func TestScripts(t *testing.T) {
	var peer qdranttest.Server
	servers := map[string]string{"QDRANT": peer.Start(t), "MODELS": embeddingServer(t, wordVector), "PAGES": pageServer(t)}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			for name, address := range servers {
				env.Setenv(name, address)
			}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exitcode": cmdExitCode,
			"await":    cmdAwait,
			"post":     cmdPost,
		},
	})
}

// pageServer serves a page with two others that it links to, and a sitemap of those.
func pageServer(t *testing.T) string {
	pages := map[string]string{
		"/":             `<title>Harbour</title><a href="hours.html">Hours</a> <a href="/tickets.html">Tickets</a> <a href="https://elsewhere.example/">Away</a>`,
		"/hours.html":   `<title>Hours</title><p>The opening hours of the office are nine to five.</p>`,
		"/tickets.html": `<title>Tickets</title><p>A ticket to the island costs twelve.</p>`,
	}
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		text, ok := pages[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, text)
	})
	mux.HandleFunc("/sitemap.xml", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc>%[1]s/hours.html</loc></url><url><loc>%[1]s/tickets.html</loc></url></urlset>`, server.URL)
	})
	return server.URL
}
