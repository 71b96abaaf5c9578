package source

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/goccy/go-yaml"

	"ragway/ingest"
	"ragway/retriever"
)

// settingsFile says things of all documents in its folder and below.
const settingsFile = ".ragway.yaml"

// maxSettings is far above any real one; YAML aliases make larger ones a bomb.
const maxSettings = 64 << 10

// settings are what the settings files from the top down to a folder say. A file further
// down replaces tenant, acl, language and chunking, and adds to the metadata.
//
//	tenant: acme                       # whose the documents are
//	acl: [group:hr, user:ann]          # who may read them
//	language: de                       # the field lang
//	metadata: {department: hr}
//	chunking: {strategy: auto, tokens: 200, overlap: 20}
type settings struct {
	tenant   string
	defaults *ingest.Defaults // nil: none; shared by the items
	err      error            // of a file that cannot be read: a failure of every document below it
}

type settingsYAML struct {
	Tenant   string         `yaml:"tenant"`
	ACL      any            `yaml:"acl"`
	Language string         `yaml:"language"`
	Metadata map[string]any `yaml:"metadata"`
	Chunking struct {
		Strategy string `yaml:"strategy"`
		Tokens   int    `yaml:"tokens"`
		Overlap  int    `yaml:"overlap"`
	} `yaml:"chunking"`
}

// settingsAbove are those of a folder and of all above it, whoever names a folder inside
// one that is closed must not open it. Above the folder only files of this user or of the
// system's count: others may write to some of those folders.
func settingsAbove(dir string) settings {
	var above []string
	for parent := filepath.Dir(dir); parent != dir; dir, parent = parent, filepath.Dir(parent) {
		above = append(above, parent)
	}
	var s settings
	for _, d := range slices.Backward(above) {
		if info, err := os.Stat(filepath.Join(d, settingsFile)); err == nil && trusted(info) {
			s = s.in(d, "a folder above the source")
		}
	}
	return s
}

// in adds what the settings file in dir says, if there is one; name is what messages call
// the folder: they are stored and shown elsewhere, where this machine's paths mean nothing.
func (s settings) in(dir, name string) settings {
	data, err := readSettings(filepath.Join(dir, settingsFile))
	switch {
	case errors.Is(err, fs.ErrNotExist) || s.err != nil:
		return s
	case err == nil:
		if s, err = s.with(data); err == nil {
			return s
		}
	}
	return settings{
		err:      ingest.Failf(ingest.BadMetadata, "%s: %w", join(name, settingsFile), withoutPath(err)),
		defaults: closed(data, err),
	}
}

func readSettings(path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, errors.New("not a file")
	case info.Size() > maxSettings:
		return nil, fmt.Errorf("%d bytes, at most %d", info.Size(), maxSettings)
	}
	return os.ReadFile(path)
}

var namesReaders = regexp.MustCompile(`(?im)^[ \t]*["']?(acl|tenant)["']?[ \t]*:`)

// closed shuts the stored documents below a file that says who may read them and cannot be
// understood, or cannot be read at all.
func closed(data []byte, err error) *ingest.Defaults {
	if data != nil && !namesReaders.Match(data) {
		return nil
	}
	return &ingest.Defaults{ACL: []string{ingest.Nobody}}
}

func (s settings) with(data []byte) (settings, error) {
	var y settingsYAML
	if err := yaml.UnmarshalWithOptions(data, &y, yaml.Strict()); err != nil {
		return settings{}, errors.New(yaml.FormatError(err, false, false)) // without quoting the file
	}
	acl, err := retriever.ParseACL(y.ACL)
	if err != nil {
		return settings{}, err
	}
	d := ingest.Defaults{Metadata: retriever.Metadata{}}
	if s.defaults != nil {
		d = *s.defaults
		d.Metadata = maps.Clone(d.Metadata)
	}
	if acl != nil {
		d.ACL = acl
	}
	maps.Copy(d.Metadata, y.Metadata)
	if y.Language != "" {
		d.Metadata["lang"] = y.Language
	}
	if d.Metadata, err = d.Metadata.Check(); err != nil {
		return settings{}, err
	}
	if c := y.Chunking; c.Strategy != "" || c.Tokens != 0 || c.Overlap != 0 {
		d.Chunking = retriever.Chunking{Strategy: c.Strategy, Tokens: c.Tokens, Overlap: c.Overlap}
	}
	s.defaults = &d
	if y.Tenant != "" {
		s.tenant = y.Tenant
	}
	return s, nil
}

// apply lays the settings under what an item says of itself.
func (s settings) apply(it *ingest.Item, err error) error {
	if it.URI == "" {
		return err
	}
	it.Defaults = s.defaults
	if it.Tenant == "" {
		it.Tenant = s.tenant
	}
	if err == nil {
		err = s.err
	}
	return err
}
