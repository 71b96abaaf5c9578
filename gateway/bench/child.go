package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
)

// serveChild runs one of the servers until it is ended.
func serveChild(ctx context.Context, o options) error {
	var h http.Handler
	switch o.role {
	case "model":
		h = http.HandlerFunc(modelServer)
	case "reverse":
		target, err := url.Parse("http://" + o.model)
		if err != nil {
			return err
		}
		h = reverseProxy(target)
	case "gin-json":
		h = ginJSON("http://" + o.model)
	default:
		return fmt.Errorf("no role %q", o.role)
	}
	l, err := net.Listen("tcp", o.listen)
	if err != nil {
		return err
	}
	srv := &http.Server{Handler: h}
	go func() {
		<-ctx.Done()
		_ = srv.Close()
	}()
	if err := srv.Serve(l); ctx.Err() == nil {
		return err
	}
	return nil
}

// reverseProxy is the standard library's as good as it gets. In full duplex: without, the
// server closes the request's body once the answer begins, which the transport may take for
// a failed request and then cuts the answer (golang/go#40747).
func reverseProxy(target *url.URL) http.Handler {
	proxy := &httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(target) },
		Transport:     transport(),
		FlushInterval: -1,
		ErrorLog:      log.New(io.Discard, "", 0), // the client counts errors
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).EnableFullDuplex() // HTTP/1.1 has it
		proxy.ServeHTTP(w, r)
	})
}

// transport keeps its connections, as each proxy is set up to.
func transport() *http.Transport {
	return &http.Transport{MaxIdleConns: 4096, MaxIdleConnsPerHost: 4096, DisableCompression: true}
}

const completion = `{"id":"chatcmpl-bench","object":"chat.completion","created":1700000000,"model":"bench","choices":[{"index":0,"message":{"role":"assistant","content":"The answer stands in the first source [1].","refusal":null},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":7,"completion_tokens":11,"total_tokens":18}}`

// streamed is how many chunks a stream has, and how long apart.
const (
	streamed   = 50
	chunkEvery = 2 * time.Millisecond
)

// streamMember asks for a stream.
const streamMember = `"stream":true`

// modelServer answers at once, or with a stream.
func modelServer(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	if !bytes.Contains(body, []byte(streamMember)) { // anywhere: encoding/json sorts members
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, completion)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	flush := http.NewResponseController(w)
	send := func(choice string) {
		fmt.Fprintf(w, "data: {\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,\"model\":\"bench\",\"choices\":[%s]}\n\n", choice)
		_ = flush.Flush()
	}
	for range streamed {
		send(`{"index":0,"delta":{"content":"word "},"finish_reason":null}`)
		time.Sleep(chunkEvery)
	}
	send(`{"index":0,"delta":{},"finish_reason":"stop"}`)
	_, _ = io.WriteString(w, "data: [DONE]\n\n")
}

// ginJSON decodes each request into a map, changes it, and encodes it again, and does the
// same to whole answers.
func ginJSON(base string) http.Handler {
	gin.SetMode(gin.ReleaseMode)
	e := gin.New()
	client := &http.Client{Transport: transport()}
	e.POST("/*path", func(c *gin.Context) {
		var body map[string]any
		if err := c.ShouldBindJSON(&body); err != nil {
			c.JSON(http.StatusBadRequest, gin.H{"error": err.Error()})
			return
		}
		body["user"] = "proxy"
		data, err := json.Marshal(body)
		if err != nil {
			return
		}
		req, err := http.NewRequestWithContext(c.Request.Context(), http.MethodPost, base+c.Param("path"), bytes.NewReader(data))
		if err != nil {
			return
		}
		req.Header.Set("Content-Type", "application/json")
		resp, err := client.Do(req)
		if err != nil {
			c.Status(http.StatusBadGateway)
			return
		}
		defer resp.Body.Close()
		if strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream") {
			c.Header("Content-Type", "text/event-stream")
			copyFlushed(c.Writer, resp.Body)
			return
		}
		var answer map[string]any
		if json.NewDecoder(resp.Body).Decode(&answer) == nil {
			c.JSON(resp.StatusCode, answer)
		}
	})
	return e
}

func copyFlushed(w http.ResponseWriter, r io.Reader) {
	buf := make([]byte, 32<<10)
	flush := http.NewResponseController(w)
	for {
		n, err := r.Read(buf)
		if n > 0 {
			if _, werr := w.Write(buf[:n]); werr != nil {
				return
			}
			_ = flush.Flush()
		}
		if err != nil {
			return
		}
	}
}
