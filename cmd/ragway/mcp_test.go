package main

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
)

// withLeave is a folder of data with one document.
func withLeave(t *testing.T) (dataDir string) {
	t.Helper()
	dir, dataDir := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "leave.md"), []byte("Parental leave lasts sixteen weeks."), 0o600); err != nil {
		t.Fatal(err)
	}
	if code := run(t.Context(), []string{"--data-dir", dataDir, "--quiet", "ingest", dir}, stdio{strings.NewReader(""), io.Discard, io.Discard}, nil); code != exitDone {
		t.Fatalf("ingest: exit code %d", code)
	}
	return dataDir
}

// asksForLeave searches, then reads what was found.
func asksForLeave(t *testing.T, transport sdk.Transport) {
	t.Helper()
	session, err := sdk.NewClient(&sdk.Implementation{Name: "test"}, nil).Connect(t.Context(), transport, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = session.Close() }()
	found, err := session.CallTool(t.Context(), &sdk.CallToolParams{Name: "search", Arguments: map[string]any{"query": "How long is parental leave?"}})
	if err != nil || found.IsError {
		t.Fatalf("%+v %v", found, err)
	}
	results := found.StructuredContent.(map[string]any)["results"].([]any)
	first := results[0].(map[string]any)
	if !strings.Contains(first["url"].(string), "/v1/documents/") {
		t.Errorf("result %v", first)
	}
	read, err := session.CallTool(t.Context(), &sdk.CallToolParams{Name: "fetch", Arguments: map[string]any{"id": first["id"]}})
	if err != nil || read.StructuredContent.(map[string]any)["text"] != "Parental leave lasts sixteen weeks." {
		t.Errorf("%+v %v", read, err)
	}
}

func TestAssistantReadsOverStandardStreams(t *testing.T) {
	dataDir := withLeave(t)
	fromClient, toServer := io.Pipe()
	fromServer, toClient := io.Pipe()
	ended := make(chan int, 1)
	go func() {
		ended <- run(t.Context(), []string{"--data-dir", dataDir, "mcp"}, stdio{fromClient, toClient, io.Discard}, nil)
		_ = toClient.Close() // never fails
	}()
	asksForLeave(t, &sdk.IOTransport{Reader: fromServer, Writer: toServer})
	if code := <-ended; code != exitDone {
		t.Errorf("exit code %d", code)
	}
}

func TestAssistantReadsOverHTTP(t *testing.T) {
	s := startServer(t, []string{"RAGWAY_API_KEY=key-of-the-assistant"}, "--data-dir", withLeave(t))
	client := &http.Client{Transport: bearer("key-of-the-assistant")}
	asksForLeave(t, &sdk.StreamableClientTransport{Endpoint: s.url + "/mcp", HTTPClient: client, DisableStandaloneSSE: true})
	resp, err := http.Post(s.url+"/mcp", "application/json", strings.NewReader(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusUnauthorized || resp.Header.Get("WWW-Authenticate") == "" {
		t.Errorf("without a key: %d %v", resp.StatusCode, resp.Header)
	}
}

// bearer sends a key with each request.
type bearer string

// RoundTrip implements http.RoundTripper.
func (b bearer) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("Authorization", "Bearer "+string(b))
	return http.DefaultTransport.RoundTrip(req)
}
