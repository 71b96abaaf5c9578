package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// target is one way to the model server.
type target struct {
	name string
	addr string
	pid  int // of its process; 0 for the model server itself

	retrieves bool // each of its answers has sources
}

// fleet is every process that was started.
type fleet struct {
	targets map[string]target
	running []*exec.Cmd
}

// stop ends what was started, and nothing else.
func (f *fleet) stop() {
	for _, c := range f.running {
		_ = c.Process.Signal(syscall.SIGTERM)
	}
	for _, c := range f.running {
		ended := make(chan struct{})
		go func() { _ = c.Wait(); close(ended) }()
		select {
		case <-ended:
		case <-time.After(5 * time.Second):
			_ = c.Process.Kill()
			<-ended
		}
	}
}

func startFleet(ctx context.Context, o options) (*fleet, error) {
	f := &fleet{targets: map[string]target{}}
	self, err := os.Executable()
	if err != nil {
		return f, err
	}
	model, err := f.start(ctx, "direct", func(addr string) *exec.Cmd { return exec.Command(self, "-role", "model", "-listen", addr) })
	if err != nil {
		return f, err
	}
	f.targets["direct"] = target{name: "direct", addr: model.addr}
	for _, role := range []string{"reverse", "gin-json"} {
		if _, err := f.start(ctx, role, func(addr string) *exec.Cmd {
			return exec.Command(self, "-role", role, "-listen", addr, "-model", model.addr)
		}); err != nil {
			return f, err
		}
	}
	if err := f.startNginx(ctx, o, model.addr); err != nil {
		fmt.Fprintln(os.Stderr, "without nginx:", err)
	}
	return f, f.startRagway(ctx, o, model.addr)
}

// start runs a process on a free port and waits until it listens.
func (f *fleet) start(ctx context.Context, name string, command func(addr string) *exec.Cmd) (target, error) {
	addr, err := freeAddress()
	if err != nil {
		return target{}, err
	}
	cmd := command(addr)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return target{}, err
	}
	f.running = append(f.running, cmd)
	t := target{name: name, addr: addr, pid: cmd.Process.Pid, retrieves: name == "ragway-rag"}
	f.targets[name] = t
	for start := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		if c, err := net.Dial("tcp", addr); err == nil {
			return t, c.Close()
		}
		if ctx.Err() != nil || time.Since(start) > 30*time.Second {
			return t, fmt.Errorf("%s does not listen", name)
		}
	}
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// nginxConfig is a plain proxy with one worker, as good as it gets: connections are kept and
// nothing is buffered to disk.
const nginxConfig = `daemon off; master_process off; worker_processes 1; pid %[1]s/pid; error_log %[1]s/error.log;
events { worker_connections 4096; }
http {
  access_log off; client_max_body_size 64m; client_body_buffer_size 1m;
  client_body_temp_path %[1]s/body; proxy_temp_path %[1]s/proxy; fastcgi_temp_path %[1]s/f; uwsgi_temp_path %[1]s/u; scgi_temp_path %[1]s/s;
  upstream model { server %[2]s; keepalive 256; }
  server { listen %[3]s; location / { proxy_pass http://model; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off; } }
}
`

func (f *fleet) startNginx(ctx context.Context, o options, model string) error {
	binary, err := exec.LookPath("nginx")
	if err != nil {
		if binary = "/usr/sbin/nginx"; !isFile(binary) {
			return errors.New("it is not installed (Debian: apt install nginx-light)")
		}
	}
	dir := filepath.Join(o.workDir, "nginx")
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	_, err = f.start(ctx, "nginx", func(addr string) *exec.Cmd {
		config := filepath.Join(dir, "nginx.conf")
		_ = os.WriteFile(config, fmt.Appendf(nil, nginxConfig, dir, model, addr), 0o644) // nginx says so itself
		return exec.Command(binary, "-c", config, "-p", dir)
	})
	return err
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// startRagway runs it twice: with documents, and without. No passage is too far off to be
// given, so that every question has the same work done for it.
func (f *fleet) startRagway(ctx context.Context, o options, model string) error {
	data := filepath.Join(o.workDir, "data")
	if strings.Contains(o.cases, "rag") {
		corpus := filepath.Join(o.workDir, "corpus.jsonl")
		if err := writeCorpus(filepath.Join(o.data, "scifact", "corpus.jsonl"), corpus, o.chunks); err != nil {
			return fmt.Errorf("make a corpus of -data: %w", err)
		}
		ingest := exec.CommandContext(ctx, o.ragway, "--data-dir", data, "--quiet", "ingest", corpus, "--name", "bench")
		ingest.Env = plainEnviron()
		if out, err := ingest.CombinedOutput(); err != nil {
			return fmt.Errorf("ingest: %w: %s", err, out)
		}
	}
	for name, enrich := range map[string]string{"ragway": "none", "ragway-rag": "all"} {
		if name == "ragway-rag" && !strings.Contains(o.cases, "rag") {
			continue
		}
		dir := data
		if enrich == "none" {
			dir = filepath.Join(o.workDir, "empty")
		}
		config := filepath.Join(o.workDir, name+".yaml")
		text := fmt.Sprintf("upstream: {base_url: 'http://%s/v1', context_windows: {'*': 1000000}}\nretrieval: {enrich: %s, min_score: 0}\nlog: {level: error}\n", model, enrich)
		if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
			return err
		}
		if _, err := f.start(ctx, name, func(addr string) *exec.Cmd {
			cmd := exec.Command(o.ragway, "--config", config, "--data-dir", dir, "--quiet", "serve", "--listen", addr)
			cmd.Stdout = os.Stderr
			cmd.Env = plainEnviron()
			return cmd
		}); err != nil {
			return err
		}
	}
	return nil
}

// plainEnviron is the environment without what configures ragway or names a model server.
func plainEnviron() []string {
	return slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "RAGWAY_") || strings.HasPrefix(v, "OPENAI_")
	})
}

// writeCorpus writes documents of one chunk each until there are enough, halves of the
// corpus's where that has fewer.
func writeCorpus(from, to string, chunks int) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	enc, n := json.NewEncoder(out), 0
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() && n < chunks {
		var doc struct{ Title, Text string }
		if err := json.Unmarshal(lines.Bytes(), &doc); err != nil {
			return errors.Join(err, out.Close())
		}
		words := strings.Fields(doc.Text)
		for _, half := range [][]string{words[:len(words)/2], words[len(words)/2:]} {
			if n++; n <= chunks {
				if err := enc.Encode(map[string]string{"_id": strconv.Itoa(n), "title": doc.Title, "text": strings.Join(half, " ")}); err != nil {
					return errors.Join(err, out.Close())
				}
			}
		}
	}
	return errors.Join(lines.Err(), out.Close())
}
