// Package source is where documents come from: a folder, a file, a glob, standard input,
// and in each of them record files (.jsonl, .ndjson, .csv, .tsv), which hold one document
// a record. See [Open] for how an argument is taken and what its documents are called.
package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/unicode/norm"

	"ragway/ingest"
)

// Source is an ingest.Source that may hold temporary files until it is closed.
type Source interface {
	ingest.Source
	io.Closer
}

// Options say how arguments are taken.
type Options struct {
	// Name is the first part of every URI; "" takes the folder's own base name. Standard
	// input and globs need one. For standard input it may be a whole URI, NAME/relative/path,
	// whose extension then tells the type.
	Name        string
	Stdin       io.Reader
	RecordBytes int    // bound on one record; 0: 16 MiB
	TempDir     string // for spooled input; "": the system's
	NoIgnore    bool   // walks take what .gitignore and .ragwayignore name, too

	// Encoding tells the encoding of records that are not UTF-8 from how they begin; nil, and
	// what it does not know, is Windows-1252.
	Encoding func(head []byte) encoding.Encoding

	SpoolBytes int64 // bound on what a program prints or a record file elsewhere holds; 0: 8 GiB
	HTTP       HTTPOptions
	S3         S3Options
	UserAgent  string       // of requests, PRODUCT/VERSION
	Environ    []string     // of programs, NAME=value; nil: none
	Logger     *slog.Logger // of what programs write to standard error; nil: nobody
}

func (o *Options) applyDefaults() {
	if o.RecordBytes <= 0 {
		o.RecordBytes = 16 << 20
	}
	if o.SpoolBytes <= 0 {
		o.SpoolBytes = 8 << 30 // of disk
	}
	o.HTTP.applyDefaults()
	if o.UserAgent == "" {
		o.UserAgent = robotsName
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
}

// What is wrong with an argument; each is wrapped by an *ArgumentError.
var (
	ErrNeedsName   = errors.New("needs --name")
	ErrBadName     = errors.New("bad name")
	ErrUnsupported = errors.New("not supported")
	ErrNotFound    = errors.New("no such file or folder")
	ErrNotAFile    = errors.New("neither a file nor a folder")
)

// ArgumentError is a SOURCE argument that cannot be used as it was given.
type ArgumentError struct {
	Arg string
	Err error
}

func (e *ArgumentError) Error() string { return fmt.Sprintf("source %q: %v", e.Arg, e.Err) }

func (e *ArgumentError) Unwrap() error { return e.Err }

// Open takes a SOURCE argument:
//
//	DIR     every file below it except hidden ones and those that .gitignore and
//	        .ragwayignore files in it name; NAME is its base name, URIs are
//	        NAME/relative/path
//	FILE    that file; NAME is its folder's base name, so that it is the same document
//	        as in an ingest of the folder
//	GLOB    the files it matches ("**" stands for any number of folders), with paths
//	        relative to its longest part without a pattern
//	-       standard input, spooled to a temporary file
//	https://…  that page; with HTTP.Crawl those it leads to on the same host, in or below
//	        its folder; of a sitemap, which is called so or named so by HTTP.Sitemap, the
//	        pages it names on its host. URIs are the pages' addresses
//	s3://BUCKET/KEY  that object and those below it, as of a folder; these are URIs too
//	exec:PROGRAM ARG…  the records that a program prints, run without a shell; NAME is
//	        its base name, URIs are NAME#ID
//
// What exists under the argument's exact spelling is never taken as a glob. Unusable
// arguments are an *ArgumentError; other errors come from the file system.
func Open(ctx context.Context, arg string, o Options) (Source, error) {
	o.applyDefaults()
	src, err := open(ctx, arg, o)
	if err != nil {
		return nil, &ArgumentError{arg, err}
	}
	return src, nil
}

func open(ctx context.Context, arg string, o Options) (Source, error) {
	if arg == "-" {
		return openStdin(ctx, o)
	}
	if command, ok := strings.CutPrefix(arg, "exec:"); ok {
		return openProgram(command, o)
	}
	if rest, ok := strings.CutPrefix(arg, "s3://"); ok {
		return openBucket(rest, o)
	}
	if head, _, ok := strings.Cut(arg, "://"); ok && (strings.EqualFold(head, "http") || strings.EqualFold(head, "https")) {
		return openSite(arg, o)
	}
	if scheme, _, ok := strings.Cut(arg, "://"); ok {
		return nil, fmt.Errorf("%s:// is not one of http://, https:// and s3://: %w", scheme, ErrUnsupported)
	}
	path, err := filepath.Abs(arg)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && strings.ContainsAny(arg, `*?[`):
		return openGlob(path, o)
	case errors.Is(err, fs.ErrNotExist):
		return nil, ErrNotFound
	case err != nil:
		return nil, err
	case info.IsDir():
		return openFolder(path, o)
	case info.Mode().IsRegular():
		return openFile(path, o)
	}
	return nil, fmt.Errorf("%w; pipe it into - to read it as a stream", ErrNotAFile)
}

// nameFor is the NAME for documents of folder.
func nameFor(folder string, o Options) (string, error) {
	name := o.Name
	if name == "" {
		name = filepath.Base(folder)
		if name == string(filepath.Separator) || name == filepath.VolumeName(folder)+string(filepath.Separator) {
			return "", fmt.Errorf("the root folder: %w", ErrNeedsName)
		}
	}
	return checkName(name)
}

func checkName(name string) (string, error) {
	bad := func(r rune) bool { return r == '/' || r == '\\' || r == '#' || unicode.IsControl(r) }
	if name == "" || name == "." || name == ".." || !utf8.ValidString(name) || strings.ContainsFunc(name, bad) {
		return "", fmt.Errorf("%w %q: want no slash, no # and no control character in it", ErrBadName, name)
	}
	return norm.NFC.String(name), nil
}

// originOf names the folder as the file system knows it, however it was reached.
func originOf(folder string) string {
	if real, err := filepath.EvalSymlinks(folder); err == nil {
		folder = real
	}
	return "folder:" + filepath.ToSlash(folder)
}
