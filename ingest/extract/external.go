package extract

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"path"
	"strings"
	"time"

	"github.com/gabriel-vasile/mimetype"

	"ragway/ingest"
)

// An External reads what this package does not: a program, or a server in the shape of
// Apache Tika or docling-serve. It is asked for documents in which the readers here find
// no text or that they do not know, or for all of its files if Instead is set.
type External struct {
	Files   []string      // patterns of names, as path.Match takes them: "*.doc"; in lower case
	Command []string      // program and arguments: the document comes on its standard input, the text goes to its output
	URL     string        // of a server, in place of Command
	API     string        // of the server: "tika" (PUT, answers HTML or text) or "docling" (POST /v1/convert/file)
	Output  string        // of the program: "text", "markdown" or "html"; "text" when ""
	Timeout time.Duration // for one document; a minute when 0
	Instead bool
}

// patience is how long a program's output may stay open after its end.
const patience = 5 * time.Second

func (e *External) validate() error {
	switch {
	case len(e.Files) == 0:
		return errors.New("external extractor without files")
	case (len(e.Command) == 0) == (e.URL == ""):
		return fmt.Errorf("external extractor of %s: want either a command or a URL", strings.Join(e.Files, " "))
	case e.URL != "" && e.API != "tika" && e.API != "docling":
		return fmt.Errorf("external extractor %s: unknown API %q", e.URL, e.API)
	}
	for _, p := range e.Files {
		if _, err := path.Match(p, ""); err != nil {
			return fmt.Errorf("external extractor of %q: %w", p, err)
		}
	}
	return nil
}

func (e *External) takes(name string) bool {
	for _, p := range e.Files {
		if ok, _ := path.Match(p, strings.ToLower(path.Base(name))); ok {
			return true
		}
	}
	return false
}

// external is the first one that takes documents of this name, nil if none does.
func (r *Registry) external(name string) *External {
	for i := range r.o.External {
		if r.o.External[i].takes(name) {
			return &r.o.External[i]
		}
	}
	return nil
}

// externalID names all of them: what one of them made is made again when any changes.
func externalID(list []External) string {
	if len(list) == 0 {
		return ""
	}
	b, err := json.Marshal(list)
	if err != nil {
		b = []byte(err.Error())
	}
	sum := sha256.Sum256(b)
	return "; external/" + hex.EncodeToString(sum[:4])
}

// needsHelp reports whether another reader may find what ours did not.
func needsHelp(err error) bool {
	reason := ingest.ReasonOf(err)
	return reason == ingest.Unsupported || reason == ingest.EmptyText
}

// readExternally has the document read by e.
func (r *Registry) readExternally(ctx context.Context, e *External, in ingest.Input) (ingest.Extracted, error) {
	timed, cancel := context.WithTimeout(ctx, e.Timeout)
	defer cancel()
	w := newWriter(r.o)
	err := e.read(timed, w, in, int64(r.o.MaxRunes)*4)
	switch {
	case ctx.Err() != nil:
		return ingest.Extracted{}, ctx.Err()
	case timed.Err() != nil:
		return ingest.Extracted{}, ingest.Failf(ingest.Timeout, "%s: not read within %v", e.name(), e.Timeout)
	case err != nil:
		return ingest.Extracted{}, typed(e.name(), err)
	}
	out, err := w.finish()
	if err != nil {
		return out, typed(e.name(), err)
	}
	out.Format = strings.TrimPrefix(path.Ext(in.Name), ".")
	out.MIME = mimetype.Detect(in.Data).String()
	if kind, _, ok := strings.Cut(out.MIME, ";"); ok {
		out.MIME = kind
	}
	out.MIME += externalMark
	return out, nil
}

// externalMark tells the media type of what was read externally from the same type read
// here: the pipelines differ.
const externalMark = "; read=external"

func (e *External) name() string {
	if e.URL != "" {
		return e.API
	}
	return path.Base(e.Command[0])
}

func (e *External) read(ctx context.Context, w *writer, in ingest.Input, most int64) error {
	var text, kind string
	var err error
	switch {
	case e.URL == "":
		kind = e.Output
		text, err = e.run(ctx, in.Data, most)
	case e.API == "tika":
		text, kind, err = e.tika(ctx, in, most)
	default:
		kind = "markdown"
		text, err = e.docling(ctx, in, most)
	}
	if err != nil {
		return err
	}
	switch kind {
	case "markdown":
		fields, body := frontMatter(normalise(text, -1))
		w.setFields(fields)
		return writeMarkdown(ctx, w, body)
	case "html":
		return writeHTML(ctx, w, text)
	}
	w.paragraphs(ingest.Block{Kind: ingest.Paragraph}, text)
	return nil
}

// run runs the program. What it says to standard error is told when it fails.
func (e *External) run(ctx context.Context, data []byte, most int64) (string, error) {
	cmd := exec.CommandContext(ctx, e.Command[0], e.Command[1:]...)
	var out, said capped
	out.left, said.left = most, 4<<10
	cmd.Stdin, cmd.Stdout, cmd.Stderr, cmd.WaitDelay = bytes.NewReader(data), &out, &said, patience
	err := cmd.Run()
	switch {
	case out.full:
		return "", ingest.Failf(ingest.TooLarge, "it printed more than %d bytes", most)
	case errors.Is(err, exec.ErrNotFound):
		return "", ingest.Failf(ingest.Unsupported, "no such program: %w", err)
	case err != nil:
		return "", ingest.Failf(ingest.Corrupt, "%w: %s", err, inline(said.kept.String()))
	}
	return decode(out.kept.Bytes(), ""), nil
}

// capped keeps what is written to it, up to left more bytes.
type capped struct {
	kept bytes.Buffer // not embedded: its ReadFrom would go around Write
	left int64
	full bool
}

func (b *capped) Write(p []byte) (int, error) {
	n := len(p)
	if int64(n) > b.left {
		b.full = true
		p = p[:b.left]
	}
	b.left -= int64(len(p))
	b.kept.Write(p)
	return n, nil
}

var externalClient = &http.Client{} // bounded by each request's context

func (e *External) ask(req *http.Request, most int64) ([]byte, http.Header, error) {
	resp, err := externalClient.Do(req)
	if err != nil {
		return nil, nil, ingest.Failf(ingest.Unreadable, "the server does not answer: %w", err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, most+1))
	switch {
	case err != nil:
		return nil, nil, ingest.Failf(ingest.Unreadable, "the server's answer: %w", err)
	case int64(len(body)) > most:
		return nil, nil, ingest.Failf(ingest.TooLarge, "the answer has more than %d bytes", most)
	}
	switch {
	case resp.StatusCode == http.StatusNoContent:
		return nil, resp.Header, nil
	case resp.StatusCode == http.StatusUnprocessableEntity, resp.StatusCode == http.StatusUnsupportedMediaType:
		return nil, nil, ingest.Failf(ingest.Corrupt, "the server answers %s", resp.Status)
	case resp.StatusCode != http.StatusOK:
		return nil, nil, ingest.Failf(ingest.Unreadable, "the server answers %s", resp.Status)
	}
	return body, resp.Header, nil
}
