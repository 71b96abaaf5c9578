package gateway_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"ragway/gateway/gatewaytest"
)

// BenchmarkAddedLatency asks the same model server directly, through the standard
// library's reverse proxy and through the gateway, at two sizes of request, one request
// at a time. What counts is the ratios within one run.
func BenchmarkAddedLatency(b *testing.B) {
	for _, size := range []struct {
		name  string
		bytes int
	}{{"4KB", 4 << 10}, {"100KB", 100 << 10}} {
		filler := strings.Repeat("Lorem ipsum dolor sit amet. ", size.bytes/28)
		messages := `{"role":"user","content":"` + filler + `"},{"role":"assistant","content":"ok"}`
		body := func(rag string) string {
			return `{"model":"fake-1","messages":[` + messages + `,{"role":"user","content":"How long is parental leave?"}]` + rag + `}`
		}
		b.Run(size.name, func(b *testing.B) {
			g := start(b, gatewaytest.Raw(200, "application/json", gatewaytest.Completion("Sixteen weeks [1].")))
			target, err := url.Parse(strings.TrimSuffix(g.model.URL, "/v1"))
			if err != nil {
				b.Fatal(err)
			}
			transport := &http.Transport{MaxIdleConnsPerHost: 64}
			proxy := httptest.NewServer(&httputil.ReverseProxy{
				Transport: transport,
				Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(target) },
			})
			defer func() {
				proxy.Close()
				transport.CloseIdleConnections()
			}()
			for _, tc := range []struct{ name, url, body string }{
				{"direct", g.model.URL, body("")},
				{"reverseproxy", proxy.URL + "/v1", body("")},
				{"gateway-rag-off", g.url + "/v1", body(`,"rag":false`)},
				{"gateway-rag-on", g.url + "/v1", body("")},
			} {
				b.Run(tc.name, func(b *testing.B) { ask(b, tc.url+"/chat/completions", []byte(tc.body)) })
			}
		})
	}
}

func ask(b *testing.B, url string, body []byte) {
	b.ReportAllocs()
	for b.Loop() {
		resp, err := http.Post(url, "application/json", bytes.NewReader(body))
		if err != nil {
			b.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode != http.StatusOK {
			b.Fatal(resp.Status, err)
		}
		_ = resp.Body.Close()
	}
}
