package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"syscall"

	"github.com/alecthomas/kong"

	"ragway/configs"
	"ragway/ingest"
	"ragway/retriever"
)

// Exit codes, for scripts to rely on.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2 // a wrong flag, argument or configuration
	exitSomeFailed  = 3 // finished, but some documents failed
	exitInterrupted = 130
)

// grammar is the command line; each command is in a file of its own.
type grammar struct {
	globals

	Serve       serveCmd       `cmd:"" help:"Run the gateway: an OpenAI-compatible API that answers from your documents."`
	Ingest      ingestCmd      `cmd:"" help:"Read documents into a collection."`
	Search      searchCmd      `cmd:"" help:"Find passages."`
	Ask         askCmd         `cmd:"" help:"Ask a question and print the cited answer."`
	Collections collectionsCmd `cmd:"" help:"List, show, create, delete, re-embed and copy collections."`
	Documents   documentsCmd   `cmd:"" help:"List, show and delete documents, and list those that failed."`
	Extract     extractCmd     `cmd:"" help:"Print what ingest would see in files; touches no store."`
	Eval        evalCmd        `cmd:"" help:"Measure retrieval quality on questions with known answers."`
	Config      configCmd      `cmd:"" help:"Check and print the configuration."`
	MCP         mcpCmd         `cmd:"" name:"mcp" help:"Serve an assistant on this machine over the Model Context Protocol."`
	Prompt      promptCmd      `cmd:"" help:"List and show prompt profiles, and print what a request becomes."`
	Demo        demoCmd        `cmd:"" help:"Show the whole product on ragway's own manual; needs nothing."`
	Healthcheck healthcheckCmd `cmd:"" help:"Exit 0 when a running server is ready, 1 otherwise."`
	Version     versionCmd     `cmd:"" help:"Print the version."`
}

// globals are the flags of every command.
type globals struct {
	ConfigFile string `name:"config" placeholder:"FILE" help:"Configuration file (default: $$RAGWAY_CONFIG)."`
	DataDir    string `name:"data-dir" placeholder:"DIR" help:"Data folder (default: ./ragway-data)."`
	Store      string `name:"store" placeholder:"local|qdrant" help:"Where documents are kept (default: local)."`
	LogLevel   string `name:"log-level" placeholder:"LEVEL" help:"debug, info, warn or error (default: info)."`
	JSON       bool   `name:"json" help:"Print JSON, for scripts."`
	Quiet      bool   `name:"quiet" short:"q" help:"Print results and errors only."`
}

// errUsage marks an error of the command line: exit code 2.
var errUsage = errors.New("usage")

// errSilent marks an error that has been reported already.
var errSilent = errors.New("reported")

func usagef(format string, args ...any) error {
	return fmt.Errorf("%w%w", fmt.Errorf(format, args...), hidden{errUsage})
}

// hidden keeps an error for errors.Is and out of the message.
type hidden struct{ error }

func (hidden) Error() string   { return "" }
func (h hidden) Unwrap() error { return h.error }

// stdio is the terminal, or what a test puts in its place.
type stdio struct {
	in       io.Reader
	out, err io.Writer
}

// run is the program: it parses args, runs the command and returns the exit code. The
// environment is a list of NAME=value.
func run(ctx context.Context, args []string, std stdio, environ []string) int {
	var g grammar
	exited := false
	parser, err := kong.New(&g,
		kong.Name("ragway"),
		kong.Description("Answers from your own documents, with citations, through any OpenAI client."),
		kong.Exit(func(int) { exited = true }),
		kong.Writers(std.out, std.err),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
	)
	if err != nil {
		return report(std, err)
	}
	parsed, err := parser.Parse(meant(args))
	if exited { // --help has printed
		return exitDone
	}
	if err != nil {
		return report(std, usagef("%w\n  see `%s --help`", err, commandOf(err)))
	}
	a := &app{globals: g.globals, stdio: std, environ: environ}
	parsed.BindTo(ctx, (*context.Context)(nil))
	err = parsed.Run(a)
	return report(std, errors.Join(err, a.close()))
}

// meant is args with what other programs take said in this one's words.
func meant(args []string) []string {
	switch {
	case len(args) == 0:
		return []string{"--help"}
	case args[0] == "help":
		return append(slices.Clone(args[1:]), "--help")
	case args[0] == "--version":
		return append([]string{"version"}, args[1:]...)
	}
	return args
}

// commandOf is as much of a command as was understood before a parse error.
func commandOf(err error) string {
	var e *kong.ParseError
	if errors.As(err, &e) {
		if node := e.Context.Selected(); node != nil {
			return node.FullPath()
		}
	}
	return "ragway"
}

// report prints err, one line a cause, and returns the exit code it stands for.
func report(std stdio, err error) int {
	code := exitCode(err)
	if err == nil || errors.Is(err, errSilent) {
		return code
	}
	if code == exitInterrupted {
		fmt.Fprintln(std.err, "ragway: interrupted")
		return code
	}
	fmt.Fprintf(std.err, "ragway: %v\n", err)
	if hint := hintFor(err); hint != "" {
		fmt.Fprintln(std.err, "  "+hint)
	}
	return code
}

func exitCode(err error) int {
	var problems configs.Problems
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, errUsage), errors.Is(err, ingest.ErrOriginConflict), errors.As(err, &problems):
		return exitUsage
	case errors.Is(err, errSomeFailed):
		return exitSomeFailed
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	}
	return exitFailed
}

// hintFor is what to do about an error that has one clear remedy.
func hintFor(err error) string {
	var mismatch *retriever.SpaceMismatch
	switch {
	case errors.As(err, &mismatch):
		return fmt.Sprintf("configure the embedder it was made with, or change it: ragway collections reembed %s --embedder %s",
			mismatch.Collection, embedderName(mismatch.Offered))
	case errors.Is(err, retriever.ErrNewerFormat):
		return "use a ragway at least as new as the one that wrote it; nothing was changed"
	case errors.Is(err, ingest.ErrInTheWay):
		return "add --replace if the copy is to take its place, which stays as it was until the copy is complete"
	case errors.Is(err, ingest.ErrPruneRefused):
		return "add --force if that is what you mean"
	case errors.Is(err, syscall.EADDRINUSE):
		return "something listens there already; choose another address with --listen"
	}
	return ""
}

// embedderName is what --embedder takes for the configured embedder that makes f.
func embedderName(f retriever.Fingerprint) string {
	switch {
	case f.IsZero():
		return "none"
	case f.IsStatic():
		return "builtin"
	}
	return f.Model
}

// suggestion is ", did you mean X?" when s is probably a slip of one of the choices.
func suggestion(s string, choices ...string) string {
	if near := configs.Nearest(s, choices); near != "" {
		return fmt.Sprintf(", did you mean %q?", near)
	}
	return ""
}
