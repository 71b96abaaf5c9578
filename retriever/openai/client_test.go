package openai

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"ragway/retriever"
)

// The texts, the key and the query string stay on the server that was configured, whatever
// it says.
func TestRedirectsStayOnTheServer(t *testing.T) {
	const key, query = "sk-very-secret", "sig=also-secret"
	for _, status := range []int{http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			var reached atomic.Int32
			elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
			defer elsewhere.Close()
			configured := httptest.NewServer(http.RedirectHandler(elsewhere.URL+"/v1/embeddings", status))
			defer configured.Close()
			e := newTest(t, nil, Options{BaseURL: configured.URL + "/v1?" + query, APIKey: key, Transport: newTransport(t), MaxRetries: -1})
			_, err := e.Embed(context.Background(), retriever.QueryText, []string{"confidential"})
			if want := "redirects to " + elsewhere.URL + " are not followed"; err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("error %v, want %q", err, want)
			}
			if reached.Load() != 0 {
				t.Error("the other server was asked")
			}
		})
	}
}

func TestRedirectsOnTheServerAreFollowed(t *testing.T) {
	s := &server{}
	mux := http.NewServeMux()
	mux.Handle("/old/embeddings", http.RedirectHandler("/v1/embeddings", http.StatusPermanentRedirect))
	mux.Handle("/v1/embeddings", s)
	configured := httptest.NewServer(mux)
	defer configured.Close()
	e := newTest(t, nil, Options{BaseURL: configured.URL + "/old", APIKey: "k", Transport: newTransport(t)})
	embed(t, e, "a")
	if got := s.requests[0].header.Get("Authorization"); got != "Bearer k" {
		t.Errorf("Authorization %q", got)
	}
}

func TestRedirectFromHTTPSToHTTPIsRefused(t *testing.T) {
	first, _ := http.NewRequest(http.MethodPost, "https://h/v1", nil)
	next, _ := http.NewRequest(http.MethodPost, "http://h/v1", nil)
	if err := stayOnServer(next, []*http.Request{first}); err == nil {
		t.Error("no error")
	}
}

func newTransport(t *testing.T) *http.Transport {
	tr := http.DefaultTransport.(*http.Transport).Clone()
	t.Cleanup(tr.CloseIdleConnections)
	return tr
}
