package source

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"ragway/ingest"
)

// The test binary is also the program that the tests run.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Getenv("RAGWAY_TEST_PROGRAM") != "" {
		os.Exit(testProgram(os.Args[1], os.Args[2:]))
	}
	goleak.VerifyTestMain(m)
}

func testProgram(task string, args []string) int {
	switch task {
	case "print": // what it is given, and then exits as told
		fmt.Println(strings.Join(args[1:], "\n"))
		code, _ := strconv.Atoi(args[0])
		return code
	case "complain":
		for i := range 1002 {
			fmt.Fprintf(os.Stderr, "line %d\n", i)
		}
		fmt.Fprint(os.Stderr, strings.Repeat("x", 2000))
	case "environ":
		fmt.Printf("{\"id\":1,\"text\":%q}\n", strings.Join(os.Environ(), " "))
	case "hang": // with a child that has its output open
		child := exec.Command(os.Args[0], "wait")
		child.Stdout, child.Stderr, child.Env = os.Stdout, os.Stderr, os.Environ()
		in, _ := child.StdinPipe()
		if err := child.Start(); err != nil {
			return 1
		}
		fmt.Fprintln(os.Stderr, "ready")
		_ = child.Wait()
		_ = in.Close()
	case "wait": // until its parent is gone and beyond: nobody closes what it reads
		r, w, _ := os.Pipe()
		_, _ = r.Read(make([]byte, 1))
		_ = w.Close()
	}
	return 0
}

func openTestProgram(t *testing.T, o Options, args ...string) Source {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	o.Environ = append(o.Environ, "RAGWAY_TEST_PROGRAM=1")
	command := "exec:"
	for _, a := range append([]string{self}, args...) {
		command += " '" + a + "'"
	}
	return mustOpen(t, command, o)
}

func TestProgramPrintsRecordsAndDeletions(t *testing.T) {
	s := openTestProgram(t, Options{Name: "crm"}, "print", "0",
		`{"id":1,"title":"T","text":"one","url":"https://e.org/1","acl":["group:hr"],"tenant":"acme","kind":"note"}`,
		`{"id":2,"delete":true}`, `{"id":3,"tenant":"acme","delete":true}`, `{"id":4,"text":"four","delete":false}`,
		`{"delete":true}`, `{"id":5,"delete":"yes"}`, `{"id":1,"delete":true}`, `not json`)
	type got struct {
		URI, Tenant, URL, Text, Err string
		Deleted                     bool
	}
	want := []got{
		{URI: "crm#1", Tenant: "acme", URL: "https://e.org/1", Text: "one"},
		{URI: "crm#2", Deleted: true}, {URI: "crm#3", Tenant: "acme", Deleted: true}, {URI: "crm#4", Text: "four"},
		{URI: "crm#line:5", Err: "corrupt: line 5: a deletion needs an id"},
		{URI: "crm#5", Err: `bad_metadata: line 6: field "delete" is string, want true or false`},
		{URI: "crm#line:7", Err: `bad_metadata: line 7: id "1" is on line 1 already`},
		{URI: "crm#line:8", Err: "corrupt: line 8: jsontext: invalid character 'o' within literal null (expecting 'u') at offset 1"},
	}
	for range 2 { // and so each time
		var all []got
		for it, err := range s.Items(t.Context()) {
			g := got{URI: it.URI, Tenant: it.Tenant, URL: it.URL, Deleted: it.Deleted}
			if err != nil {
				g.Err = err.Error()
			} else if !it.Deleted {
				g.Text = text(t, it)
			}
			all = append(all, g)
		}
		if len(all) == len(want) && strings.HasPrefix(all[7].Err, "corrupt: line 8: jsontext:") {
			all[7].Err = want[7].Err
		}
		if diff := cmp.Diff(want, all); diff != "" {
			t.Error(diff)
		}
	}
	if s.Name() != "crm" || s.Prefix() != "crm#" || s.(ingest.Coverer).Covers("crmx#1") || !s.(ingest.Coverer).Covers("crm#1") {
		t.Errorf("%s, %s", s.Name(), s.Prefix())
	}
}

func TestProgramThatFailsIsIncomplete(t *testing.T) {
	tests := map[string]struct {
		o    Options
		code string
		want string
	}{
		"exit code": {Options{Name: "crm"}, "3", "program crm: exit status 3"},
		"too much":  {Options{Name: "crm", SpoolBytes: 10}, "0", "program crm: it printed more than 10 bytes"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var uris []string
			var last error
			for it, err := range openTestProgram(t, tt.o, "print", tt.code, `{"id":1,"text":"one"}`).Items(t.Context()) {
				uris, last = append(uris, it.URI), err
			}
			var part *ingest.Incomplete
			if !errors.As(last, &part) || part.Error() != tt.want {
				t.Errorf("got %v, want %s", last, tt.want)
			}
			if tt.o.SpoolBytes == 0 {
				if diff := cmp.Diff([]string{"crm#1", ""}, uris); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
}

func TestProgramHasOnlyTheEnvironmentItIsGiven(t *testing.T) {
	t.Setenv("SECRET_OF_THIS_PROCESS", "1")
	got := list(t, openTestProgram(t, Options{Name: "crm", Environ: []string{"TOKEN=x"}}, "environ"))
	if len(got) != 1 || got[0].Text != "TOKEN=x RAGWAY_TEST_PROGRAM=1" {
		t.Errorf("%+v", got)
	}
}

func TestProgramsStandardErrorIsLoggedWithinBounds(t *testing.T) {
	var log bytes.Buffer
	o := Options{Name: "crm", Logger: slog.New(slog.NewTextHandler(&log, nil))}
	list(t, openTestProgram(t, o, "complain"))
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	if len(lines) != mostLogLines+1 || !strings.Contains(lines[0], `msg="line 0" program=crm`) || !strings.Contains(lines[mostLogLines], "lines=3") {
		t.Errorf("%d lines, the last %s", len(lines), lines[len(lines)-1])
	}
	long := lineLog{logger: o.Logger, program: "crm"}
	log.Reset()
	for _, part := range []string{strings.Repeat("x", 1000), strings.Repeat("y", 1000), "\nz\r\n\n", "end"} {
		if n, err := long.Write([]byte(part)); n != len(part) || err != nil {
			t.Fatal(n, err)
		}
	}
	long.close()
	sc := bufio.NewScanner(&log)
	var texts []int
	for sc.Scan() {
		_, msg, _ := strings.Cut(sc.Text(), "msg=")
		texts = append(texts, len([]rune(strings.Trim(strings.TrimSuffix(msg, " program=crm"), `"`))))
	}
	if diff := cmp.Diff([]int{longestLogLine + 1, 1, 3}, texts); diff != "" {
		t.Error(diff)
	}
}

// onLine calls f when a line is logged.
type onLine struct {
	slog.Handler
	f func()
}

func (h onLine) Handle(context.Context, slog.Record) error { h.f(); return nil }

func TestCancelledProgramGoesWithItsChildren(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	o := Options{Name: "crm", Logger: slog.New(onLine{slog.NewTextHandler(os.Stderr, nil), cancel})}
	s := openTestProgram(t, o, "hang").(*program)
	// The child has the output open: had it stayed, that would be what it ended with.
	if err := s.run(ctx); err == nil || errors.Is(err, exec.ErrWaitDelay) || ctx.Err() == nil {
		t.Errorf("got %v", err)
	}
	for it, err := range s.Items(ctx) {
		if it.URI != "" || !errors.Is(err, context.Canceled) {
			t.Errorf("%+v, %v", it, err)
		}
	}
}

func TestProgramArguments(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]string{
		"exec:":                   `source "exec:": no program is named`,
		"exec: 'a":                `source "exec: 'a": a ' quote is never closed`,
		"exec:no-such-program-xy": `source "exec:no-such-program-xy": exec: "no-such-program-xy": executable file not found in $PATH`,
	}
	for arg, want := range tests {
		if _, err := Open(t.Context(), arg, Options{}); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	one := mustOpen(t, "exec:'"+self+"'", Options{})
	two := mustOpen(t, "exec:'"+self+"' --password hunter2", Options{})
	if one.Name() != filepath.Base(self) || one.Origin() != "exec:"+self {
		t.Errorf("%s, %s", one.Name(), one.Origin())
	}
	if one.Origin() == two.Origin() || strings.Contains(two.Origin(), "hunter2") {
		t.Error(two.Origin())
	}
}

func TestSplitCommand(t *testing.T) {
	for in, want := range map[string][]string{
		"a b  c": {"a", "b", "c"}, `"a b" 'c "d"' e"f g"h`: {"a b", `c "d"`, "ef gh"}, `a '' ""`: {"a", "", ""}, " ": nil, `C:\x $HOME *`: {`C:\x`, "$HOME", "*"},
	} {
		got, err := splitCommand(in)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v %s", in, err, diff)
		}
	}
}
