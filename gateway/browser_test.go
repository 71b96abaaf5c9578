package gateway_test

import (
	"net/http"
	"testing"

	"ragway/gateway"
	"ragway/gateway/gatewaytest"
)

func TestPagesOfOthersCannotUseAnOpenServer(t *testing.T) {
	public := func(o *gateway.Options) { o.PublicURL = "https://Docs.example.com/rag" }
	for _, tc := range []struct {
		name, host, origin, site string
		change                   func(*gateway.Options)
		status                   int
	}{
		{name: "address", host: "127.0.0.1:8080", status: 200},
		{name: "IPv6 address", host: "[::1]:8080", status: 200},
		{name: "localhost", host: "LOCALHOST:8080", status: 200},
		{name: "name of this machine", host: "mybox", status: 200},
		{name: "name for containers", host: "host.docker.internal:8080", status: 200},
		{name: "another's name", host: "evil.example:8080", status: 403},
		{name: "another's name with a dot", host: "evil.example.", status: 403},
		{name: "another's name that looks private", host: "localhost.evil.example", status: 403},
		{name: "public name", host: "docs.example.com", change: public, status: 200},
		{name: "another's name beside a public one", host: "evil.example", change: public, status: 403},
		{name: "another's name with keys", host: "evil.example", change: withKeys, status: 200},
		{name: "own page", host: "localhost", origin: "http://localhost", status: 200},
		{name: "another's page", host: "localhost", origin: "http://evil.example", status: 403},
		{name: "another's page in a new browser", host: "localhost", site: "cross-site", status: 403},
		{name: "another's page with a key", host: "localhost", origin: "http://evil.example", change: withKeys, status: 200},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.change == nil {
				tc.change = func(*gateway.Options) {}
			}
			g := start(t, gatewaytest.Raw(http.StatusOK, "application/json", "{}"), tc.change)
			status := func(method, path string) int {
				req, err := http.NewRequestWithContext(t.Context(), method, g.url+path, http.NoBody)
				if err != nil {
					t.Fatal(err)
				}
				req.Host = tc.host
				for name, value := range map[string]string{"Origin": tc.origin, "Sec-Fetch-Site": tc.site, "X-Api-Key": plainKey} {
					if value != "" {
						req.Header.Set(name, value)
					}
				}
				resp, err := http.DefaultClient.Do(req)
				if err != nil {
					t.Fatal(err)
				}
				_ = resp.Body.Close()
				return resp.StatusCode
			}
			if got := status(http.MethodPost, "/v1/embeddings"); got != tc.status {
				t.Errorf("post: %d, want %d", got, tc.status)
			}
			read := tc.status
			if tc.origin+tc.site != "" {
				read = 200 // reading changes nothing, and the browser keeps it from the page
			}
			if got := status(http.MethodGet, "/v1/models"); got != read {
				t.Errorf("get: %d, want %d", got, read)
			}
		})
	}
}
