package extract_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ragway/ingest"
	"ragway/ingest/extract"
)

// entry is a file in an archive.
type entry struct{ name, content string }

func zipOf(t testing.TB, entries ...entry) string {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, e := range entries {
		w, err := z.Create(e.name)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, e.content)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func tarOf(t testing.TB, entries ...entry) string {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Size: int64(len(e.content)), Mode: 0o644, Typeflag: tar.TypeReg, ModTime: time.Unix(0, 0)}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, e.content)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func gzipOf(s string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	io.WriteString(w, s)
	w.Close()
	return b.String()
}

// opener streams a text, as a source on the network does.
func opener(text string) func(context.Context) (io.ReadCloser, error) {
	return func(context.Context) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }
}

// expanded reads all members; errors stand in place of their text.
func expanded(t *testing.T, r *extract.Registry, name string, open func(context.Context) (io.ReadCloser, error)) map[string]string {
	t.Helper()
	got := map[string]string{}
	for m, err := range r.Expand(t.Context(), name, open) {
		if err != nil {
			got[m.Path] = "error: " + string(ingest.ReasonOf(err))
			if errors.Is(err, ingest.ErrNoContainer) {
				got[m.Path] = "no container"
			}
			continue
		}
		if _, twice := got[m.Path]; twice {
			t.Errorf("%s twice", m.Path)
		}
		got[m.Path] = contentOf(t, m)
	}
	return got
}

func contentOf(t *testing.T, m ingest.Member) string {
	t.Helper()
	in, err := m.Open(t.Context())
	if err != nil {
		return "error: " + string(ingest.ReasonOf(err))
	}
	defer in.Close()
	data, err := io.ReadAll(in)
	if err != nil {
		return "error: " + string(ingest.ReasonOf(err))
	}
	if m.Size >= 0 && m.Size != int64(len(data)) {
		t.Errorf("%s: %d bytes, listed with %d", m.Path, len(data), m.Size)
	}
	if sum := sha256.Sum256(data); m.Hash != "" && m.Hash != hex.EncodeToString(sum[:]) {
		t.Errorf("%s: listed with another hash", m.Path)
	}
	return string(data)
}

const mailWithTwo = "From: a@x.test\r\nSubject: s\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" +
	"--b\r\n\r\nbody\r\n--b\r\nContent-Type: text/csv; name=\"t.csv\"\r\nContent-Disposition: attachment\r\n\r\na,b\r\n" +
	"--b\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=\"../t.csv\"\r\nContent-Transfer-Encoding: base64\r\n\r\nMSwy\r\n--b--\r\n"

func TestContainersAreListedAtEveryLevel(t *testing.T) {
	box := "From a@x Thu Mar 14 09:15:00 2024\nMessage-ID: <one@x>\nSubject: s\n\nFrom here\n>From there\n>>From all over\n\n" +
		"From b@x Thu Mar 14 09:16:00 2024\nMessage-ID: <one@x>\n\ntwice\n\nFrom b@x Thu Mar 14 09:17:00 2024\nSubject: no id\n\nthree\n"
	first := "Message-ID: <one@x>\nSubject: s\n\nFrom here\nFrom there\n>From all over\n"
	third := "Subject: no id\n\nthree\n"
	sum := sha256.Sum256([]byte(third))
	tests := map[string]struct {
		name, content string
		want          map[string]string
	}{
		"zip": {"a.zip", zipOf(t, entry{"x.txt", "x"}, entry{"sub/", ""}, entry{"sub/y.txt", "y"}), map[string]string{"x.txt": "x", "sub/y.txt": "y"}},
		"names lead nowhere": {"a.zip", zipOf(t, entry{"../../up.txt", "1"}, entry{"/abs.txt", "2"}, entry{`C:\w.txt`, "3"}, entry{"a/../b.txt", "4"}),
			map[string]string{"up.txt": "1", "abs.txt": "2", "C:/w.txt": "3", "b.txt": "4"}},
		"hidden files stay out": {"a.zip", zipOf(t, entry{".git/config", "1"}, entry{"__MACOSX/._x", "2"}, entry{"x.txt", "x"}), map[string]string{"x.txt": "x"}},
		"in each other": {"a.zip", zipOf(t, entry{"in.tar", tarOf(t, entry{"x.txt", "x"}, entry{"m.eml", mailWithTwo})}), map[string]string{
			"in.tar!/x.txt": "x", "in.tar!/m.eml": mailWithTwo, "in.tar!/m.eml!/t.csv": "a,b", "in.tar!/m.eml!/t (2).csv": "1,2"}},
		"tar.gz":         {"a.tar.gz", gzipOf(tarOf(t, entry{"d/x.txt", "x"})), map[string]string{"d/x.txt": "x"}},
		"tar called gz":  {"a.gz", tarOf(t, entry{"d/x.txt", "x"}), map[string]string{"d/x.txt": "x"}},
		"one file":       {"notes.txt.gz", gzipOf("x"), map[string]string{"notes.txt": "x"}},
		"compressed box": {"all.mbox.gz", gzipOf("From a@x Thu Mar 14 09:15:00 2024\nMessage-ID: <i@x>\n\nt\n"), map[string]string{"all.mbox!/i@x.eml": "Message-ID: <i@x>\n\nt\n"}},
		"message":        {"a.eml", mailWithTwo, map[string]string{"t.csv": "a,b", "t (2).csv": "1,2"}},
		"mailbox":        {"a.mbox", box, map[string]string{"one@x.eml": first, "one@x~2.eml": "Message-ID: <one@x>\n\ntwice\n", "message-" + hex.EncodeToString(sum[:8]) + ".eml": third}},
		"package":        {"a.zip", docx(t, "<w:p/>"), map[string]string{"": "no container"}},
		"nothing":        {"a.zip", "plain text", map[string]string{"": "no container"}},
		"cut off":        {"a.zip", zipOf(t, entry{"x.txt", strings.Repeat("x", 99)})[:60], map[string]string{"": "error: corrupt"}},
		"cut off tar":    {"a.tar", tarOf(t, entry{"x.txt", strings.Repeat("x", 2000)})[:1024], map[string]string{"": "error: corrupt"}},
		"cut off gzip":   {"a.gz", gzipOf(strings.Repeat("x", 99))[:12], map[string]string{"": "error: corrupt"}},
		"broken one in it": {"a.zip", zipOf(t, entry{"in.zip", "PK\x03\x04 nothing"}, entry{"x.txt", "x"}),
			map[string]string{"in.zip": "error: corrupt", "x.txt": "x"}},
	}
	r := newRegistry(t, extract.Options{})
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, expanded(t, r, tt.name, opener(tt.content))); diff != "" {
				t.Errorf("members (-want +got):\n%s", diff)
			}
		})
	}
}

func TestContainersAreBounded(t *testing.T) {
	deep := zipOf(t, entry{"x.txt", "x"})
	for range 3 {
		deep = zipOf(t, entry{"in.zip", deep})
	}
	zeros := strings.Repeat("\x00", 1<<20)
	tests := map[string]struct {
		o       extract.Options
		content string
		path    string
		want    ingest.Reason
	}{
		"members":          {extract.Options{MaxMembers: 2}, zipOf(t, entry{"1", ""}, entry{"2", ""}, entry{"3", ""}), "", ingest.TooLarge},
		"members inside":   {extract.Options{MaxMembers: 2}, zipOf(t, entry{"in.zip", zipOf(t, entry{"1", ""}, entry{"2", ""})}), "in.zip", ingest.TooLarge},
		"depth":            {extract.Options{MaxNesting: 3}, deep, "in.zip!/in.zip!/in.zip", ingest.TooDeep},
		"its own size":     {extract.Options{MaxContainer: 50}, deep, "", ingest.TooLarge},
		"unpacked":         {extract.Options{MaxUnpacked: 1000}, zipOf(t, entry{"z.txt", zeros}), "", ingest.TooLarge},
		"unpacked at once": {extract.Options{MaxUnpacked: 1000}, gzipOf(zeros), "", ingest.TooLarge},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := newRegistry(t, tt.o)
			if tt.o.MaxUnpacked > 0 && 100*len(tt.content) > len(zeros) {
				t.Skipf("packed to %d bytes only", len(tt.content))
			}
			got := expanded(t, r, "a.zip", opener(tt.content))
			if got[tt.path] != "error: "+string(tt.want) {
				t.Errorf("members %q, want %s at %q", got, tt.want, tt.path)
			}
		})
	}
}

func TestEncryptedMembersFailAlone(t *testing.T) {
	packed := []byte(zipOf(t, entry{"x.txt", "x"}, entry{"y.txt", "y"}))
	packed[bytes.Index(packed, []byte("PK\x01\x02"))+8] |= 1
	got := expanded(t, newRegistry(t, extract.Options{}), "a.zip", opener(string(packed)))
	if diff := cmp.Diff(map[string]string{"x.txt": "error: encrypted", "y.txt": "y"}, got); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
}

// Members are opened long after they were listed; other bytes in between are not theirs.
func TestMembersOfAChangedContainerAreRefused(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.tar")
	write := func(content string) {
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	sources := map[string]func(context.Context) (io.ReadCloser, error){
		"file": func(context.Context) (io.ReadCloser, error) { return os.Open(path) },
		"stream": func(context.Context) (io.ReadCloser, error) {
			f, err := os.Open(path)
			return struct{ io.ReadCloser }{f}, err
		},
	}
	for name, open := range sources {
		t.Run(name, func(t *testing.T) {
			r := newRegistry(t, extract.Options{})
			write(tarOf(t, entry{"x.txt", "first"}))
			var members []ingest.Member
			for m, err := range r.Expand(t.Context(), "a.tar", open) {
				if err != nil {
					t.Fatal(err)
				}
				members = append(members, m)
			}
			for i := range 5 { // others push it out of those that are kept open
				expanded(t, r, "b.tar", opener(tarOf(t, entry{fmt.Sprint(i), "x"})))
			}
			if got := contentOf(t, members[0]); got != "first" {
				t.Errorf("content %q", got)
			}
			for i := range 5 {
				expanded(t, r, "b.tar", opener(tarOf(t, entry{fmt.Sprint(i), "x"})))
			}
			write(tarOf(t, entry{"x.txt", "other"}))
			later := time.Now().Add(time.Hour)
			if err := os.Chtimes(path, later, later); err != nil {
				t.Fatal(err)
			}
			if got := contentOf(t, members[0]); got != "error: unreadable" {
				t.Errorf("content %q", got)
			}
		})
	}
}

func TestNoTemporaryFilesAreLeft(t *testing.T) {
	dir := t.TempDir()
	r, err := extract.New(extract.Options{TempDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	expanded(t, r, "a.tgz", opener(gzipOf(tarOf(t, entry{"x.txt", strings.Repeat("long enough to be on disk", 100_000)}))))
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left %v, %v", left, err)
	}
}

// One text of many documents cannot keep to what one of them says of its readers.
func TestContainerAsOneTextRefusesAMembersOwnAccessList(t *testing.T) {
	r := newRegistry(t, extract.Options{})
	_, err := r.Extract(t.Context(), ingest.Input{Name: "a.zip", Data: []byte(zipOf(t, entry{"x.md", "---\nacl: group:hr\n---\nsalaries"}))})
	if ingest.ReasonOf(err) != ingest.BadMetadata {
		t.Errorf("error %v", err)
	}
}

func TestMessagesInPlainWords(t *testing.T) {
	header := "From: =?utf-8?q?J=C3=B6rg?= <j@x.test>\nBcc: secret@x.test\nSubject: =?koi8-r?B?8NLJ18XU?=\nDate: Mon, 18 Mar 2024 09:15:00 +0100\n"
	head := "# Привет\n\nFrom: Jörg <j@x.test>\nDate: 2024-03-18 09:15\n\n"
	alternative := func(plain, rich string) string {
		return "MIME-Version: 1.0\nContent-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain\n\n" + plain +
			"\n--b\nContent-Type: text/html\n\n" + rich + "\n--b--\n"
	}
	tests := map[string]struct{ in, want string }{
		"plain":                {"\nHello \nthere", "Hello\nthere"},
		"flowed":               {"Content-Type: text/plain; format=flowed\n\nHello \nthere\n\n-- \nme", "Hello there\n\n--\nme"},
		"the plain one of two": {alternative("Hello there", "<p>Hello <b>there</b></p>"), "Hello there"},
		"the one that says it": {alternative("Get another program", "<p>"+strings.Repeat("Dear customer, ", 10)+"</p>"), strings.TrimSpace(strings.Repeat("Dear customer, ", 10))},
		"forwarded": {"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nSee below\n--b\nContent-Type: message/rfc822\n\nSubject: Inner\nFrom: a@x.test\n\nIts text\n--b--\n",
			"See below\n\n## Inner\n\nFrom: a@x.test\n\nIts text"},
		"lies about its charset": {"Content-Type: text/plain; charset=us-ascii\n\nn\xc3\xa4mlich", "nämlich"},
	}
	r := newRegistry(t, extract.Options{})
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := r.Extract(t.Context(), ingest.Input{Name: "a.eml", Data: []byte(header + tt.in)})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(head+tt.want, got.Text); diff != "" {
				t.Errorf("text (-want +got):\n%s", diff)
			}
			if got.Title != "Привет" || got.Metadata["author"] != "Jörg <j@x.test>" || got.Metadata["date"] != "2024-03-18T08:15:00Z" || got.Metadata["bcc"] != nil {
				t.Errorf("title %q, fields %v", got.Title, got.Metadata)
			}
		})
	}
}

func TestMessagesAreBounded(t *testing.T) {
	r := newRegistry(t, extract.Options{})
	deep := strings.Repeat("Content-Type: multipart/mixed; BOUNDARY=b\n\n--b\n", 1500) + "\ntext"
	sealed := "Content-Type: multipart/encrypted; boundary=b\n\n--b\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n--b--\n"
	for in, want := range map[string]ingest.Reason{deep: ingest.TooDeep, sealed: ingest.Encrypted, "Subject: only\n\n": ingest.EmptyText} {
		if _, err := r.Extract(t.Context(), ingest.Input{Name: "a.eml", Data: []byte(in)}); ingest.ReasonOf(err) != want {
			t.Errorf("%.40q: %v, want %s", in, err, want)
		}
	}
}
