package main

import (
	"bufio"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// cmdExitCode runs a program and wants one exit code:
//
//	exitcode 2 ragway ingest --nope
//
// Output goes to the files stdout.txt and stderr.txt.
func cmdExitCode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exitcode CODE PROGRAM ARG…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	cmd := exec.Command(args[1], args[2:]...)
	cmd.Dir, cmd.Env = ts.MkAbs("."), environ(ts)
	stdout, stderr := create(ts, "stdout.txt"), create(ts, "stderr.txt")
	defer stdout.Close()
	defer stderr.Close()
	cmd.Stdout, cmd.Stderr = stdout, stderr
	err = cmd.Run()
	if got := cmd.ProcessState.ExitCode(); got != want {
		ts.Fatalf("exit code %d (%v), want %d; stderr:\n%s", got, err, want, ts.ReadFile("stderr.txt"))
	}
}

func create(ts *testscript.TestScript, name string) *os.File {
	f, err := os.Create(ts.MkAbs(name))
	ts.Check(err)
	return f
}

func environ(ts *testscript.TestScript) []string {
	var env []string
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "XDG_CACHE_HOME", "OPENAI_BASE_URL", "OPENAI_API_KEY",
		"RAGWAY_API_KEY", "RAGWAY_CONFIG", "RAGWAY_EMBEDDER_BASE_URL", "RAGWAY_EMBEDDER_RETRIES", "RAGWAY_OTHER_EMBEDDERS", "RAGWAY_STORE_QDRANT_ADDRESSES"} {
		if v := ts.Getenv(name); v != "" {
			env = append(env, name+"="+v)
		}
	}
	return env
}

// cmdAwait starts a server in the background, waits for its "listening on" line, sets
// $URL and $ADDR, and stops it with an interrupt at the end of the script, where it must exit 0:
//
//	await ragway serve --listen 127.0.0.1:0
func cmdAwait(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: await PROGRAM ARG…")
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir, cmd.Env = ts.MkAbs("."), environ(ts)
	stderr, err := cmd.StderrPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	found := make(chan string, 1)
	done := make(chan error, 1)
	go func() {
		sc := bufio.NewScanner(stderr)
		for sc.Scan() {
			if _, url, ok := strings.Cut(sc.Text(), "listening on "); ok {
				found <- url
			}
		}
		close(found)
		done <- cmd.Wait()
	}()
	ts.Defer(func() {
		_ = cmd.Process.Signal(os.Interrupt) // gone already: Wait tells
		select {
		case err := <-done:
			if err != nil {
				ts.Fatalf("%s after an interrupt: %v", args[0], err)
			}
		case <-time.After(time.Minute): // a hang, not a bound on speed
			_ = cmd.Process.Kill()
			ts.Fatalf("%s does not stop", args[0])
		}
	})
	select {
	case url, ok := <-found:
		if !ok {
			ts.Fatalf("%s ended without listening", args[0])
		}
		ts.Setenv("URL", url)
		ts.Setenv("ADDR", strings.TrimPrefix(url, "http://"))
	case <-time.After(time.Minute):
		ts.Fatalf("%s does not listen", args[0])
	}
}

// cmdPost sends a file to a path of $URL, or fetches it when no file is named, wants one
// status, and puts the answer in the file answer.txt:
//
//	post 200 /v1/chat/completions question.json
func cmdPost(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 || len(args) > 3 {
		ts.Fatalf("usage: post STATUS PATH [FILE]")
	}
	method, body := http.MethodGet, io.Reader(nil)
	if len(args) == 3 {
		method, body = http.MethodPost, strings.NewReader(ts.ReadFile(args[2]))
	}
	req, err := http.NewRequest(method, ts.Getenv("URL")+args[1], body)
	ts.Check(err)
	if key := ts.Getenv("KEY"); key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	resp, err := http.DefaultClient.Do(req)
	ts.Check(err)
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs("answer.txt"), answer, 0o600))
	if strconv.Itoa(resp.StatusCode) != args[0] {
		ts.Fatalf("status %s, want %s: %s", resp.Status, args[0], answer)
	}
}
