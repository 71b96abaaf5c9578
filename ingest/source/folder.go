package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"ragway/ingest"
)

// folder is every file below a root, or those that a glob matches.
type folder struct {
	name string
	root string
	glob *pattern // nil: all
	text *decoded
	o    Options
	seen []string // folders that the last walk looked into
}

var (
	_ Source          = (*folder)(nil)
	_ ingest.Coverer  = (*folder)(nil)
	_ ingest.Folderer = (*folder)(nil)
)

func openFolder(path string, o Options) (Source, error) {
	name, err := nameFor(path, o)
	if err != nil {
		return nil, err
	}
	return &folder{name: name, root: path, text: newDecoded(o), o: o}, nil
}

func (f *folder) Name() string   { return f.name }
func (f *folder) Prefix() string { return f.name + "/" }
func (f *folder) Origin() string { return originOf(f.root) }
func (f *folder) Close() error   { return f.text.Close() }

// Folders are the root, even where it could not be read, and all below it that are not
// ignored.
func (f *folder) Folders() []string { return f.seen }

// Covers limits a glob to the files it would match.
func (f *folder) Covers(uri string) bool {
	rel, ok := strings.CutPrefix(uri, f.Prefix())
	if !ok || f.glob == nil {
		return ok
	}
	if f.glob.matches(rel) {
		return true
	}
	file, _, isRecord := strings.Cut(rel, "#")
	return isRecord && isRecordFile(file) && f.glob.matches(file)
}

// Items walks in the order of the names, folders in their place. Symbolic links are
// followed; one that leads back to a folder it lies in is an error of its own. What is
// ignored (see ignoreRules) is not there.
func (f *folder) Items(ctx context.Context) iter.Seq2[ingest.Item, error] {
	return func(yield func(ingest.Item, error) bool) {
		f.seen = []string{f.root}
		info, err := os.Stat(f.root)
		if err != nil {
			yield(ingest.Item{}, err)
			return
		}
		w := &walk{ctx: ctx, folder: f, yield: yield, above: []fs.FileInfo{info}, settings: settingsAbove(f.root)}
		w.dir(f.root, "")
	}
}

// walk is one pass over a folder.
type walk struct {
	*folder
	ctx   context.Context
	yield func(ingest.Item, error) bool
	above []fs.FileInfo // folders from the root to here
	rules []ignoreRules // of those that have any
	settings
}

// dir is false when the walk is over.
func (w *walk) dir(path, rel string) bool {
	defer func(outside settings) { w.settings = outside }(w.settings)
	w.settings = w.in(path, strings.TrimSuffix(w.Prefix()+rel, "/"))
	if rel != "" {
		w.seen = append(w.seen, path)
	}
	entries, err := os.ReadDir(path)
	if err != nil && rel == "" {
		return w.yield(ingest.Item{}, fmt.Errorf("read folder: %w", err))
	}
	known := len(w.rules)
	defer func() { w.rules = w.rules[:known] }()
	switch rules, ruleErr := w.rulesOf(path, rel); {
	case ruleErr != nil && rel == "":
		return w.yield(ingest.Item{}, ruleErr)
	case ruleErr != nil: // what is to be ignored there is not known
		return w.fail(rel, ruleErr)
	case len(rules.rules) > 0:
		w.rules = append(w.rules, rules)
	}
	for _, entry := range entries {
		if w.ctx.Err() != nil {
			return w.yield(ingest.Item{}, w.ctx.Err())
		}
		if strings.HasPrefix(entry.Name(), ".") {
			continue
		}
		if !w.entry(filepath.Join(path, entry.Name()), join(rel, norm.NFC.String(entry.Name()))) {
			return false
		}
	}
	return err == nil || w.fail(rel, err)
}

func (w *walk) rulesOf(path, rel string) (ignoreRules, error) {
	if w.o.NoIgnore {
		return ignoreRules{}, nil
	}
	return readIgnoreRules(path, rel)
}

func (w *walk) entry(path, rel string) bool {
	info, err := os.Stat(path)
	switch {
	case ignored(w.rules, rel, err == nil && info.IsDir()):
		return true
	case err != nil:
		return w.fail(rel, err)
	case !utf8.ValidString(rel):
		return w.fail(strings.ToValidUTF8(rel, "\uFFFD"), fmt.Errorf("name is not valid UTF-8"))
	case info.IsDir():
		return w.descend(path, rel, info)
	case !info.Mode().IsRegular(): // a pipe or device would block
		return true
	case w.glob != nil && !w.glob.matches(rel):
		return true
	}
	return itemsOf(w.ctx, file{path: path, uri: w.Prefix() + rel, info: info, settings: w.settings}, w.text, w.o, w.yield)
}

func (w *walk) descend(path, rel string, info fs.FileInfo) bool {
	if w.glob != nil && !w.glob.mayHold(rel) {
		return true
	}
	for _, a := range w.above {
		if os.SameFile(a, info) {
			return w.fail(rel, fmt.Errorf("symbolic link leads back to a folder it lies in"))
		}
	}
	w.above = append(w.above, info)
	defer func() { w.above = w.above[:len(w.above)-1] }()
	return w.dir(path, rel)
}

// fail reports an entry that could not be looked at.
func (w *walk) fail(rel string, err error) bool {
	if w.glob != nil && !w.glob.matches(rel) && !w.glob.mayHold(rel) {
		return true
	}
	return w.yield(ingest.Item{URI: w.Prefix() + rel, Size: -1}, ingest.Failf(ingest.Unreadable, "%w", withoutPath(err)))
}

func join(rel, name string) string {
	if rel == "" {
		return name
	}
	return rel + "/" + name
}

// file is one regular file and what it is called.
type file struct {
	path     string
	uri      string
	info     fs.FileInfo
	explicit bool
	settings settings

	deletions bool // its records may ask for deletions
}

// itemsOf yields the file as a document, or the documents that its records are. It is
// false when the caller has had enough.
func itemsOf(ctx context.Context, f file, text *decoded, o Options, yield func(ingest.Item, error) bool) bool {
	to := yield
	yield = func(it ingest.Item, err error) bool {
		err = f.settings.apply(&it, err)
		return to(it, err)
	}
	if isRecordFile(f.uri) {
		return recordsOf(ctx, f, text, o, yield)
	}
	return yield(ingest.Item{
		URI: f.uri, Name: filepath.Base(f.path), Size: f.info.Size(), ModTime: f.info.ModTime(), Explicit: f.explicit,
		Open: func(context.Context) (io.ReadCloser, error) {
			r, err := os.Open(f.path)
			if err != nil {
				return nil, ingest.Failf(ingest.Unreadable, "%w", withoutPath(err))
			}
			return r, nil
		},
	}, nil)
}

// withoutPath keeps the machine's paths out of messages that are stored and shown
// elsewhere; the document's URI says which file it was.
func withoutPath(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return fmt.Errorf("%s: %w", p.Op, p.Err)
	}
	return err
}
