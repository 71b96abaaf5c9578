package ingest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"path"
	"slices"
	"strings"

	"ragway/retriever"
)

// offer is what is said about a document outside its bytes: by its source and by the
// run's flags, which win. What extraction finds comes on top where the offer is silent.
//
// Its digest is stored as the tail of Document.Pipeline. That is how a later plan sees
// that a title, link, field or access list was changed or withdrawn without extracting
// the document again: the stored fields alone do not tell what came from where.
type offer struct {
	Tenant   string             `json:"-"` // part of the document's identity, not of its version
	Title    string             `json:"title,omitempty"`
	URL      string             `json:"url,omitempty"`
	Metadata retriever.Metadata `json:"metadata,omitempty"`
	ACL      []string           `json:"acl,omitempty"`
	Defaults *Defaults          `json:"defaults,omitempty"`

	cutter    Cutter
	ownTenant bool // the document itself says whose it is
}

func (e *Engine) offerOf(it Item) (offer, error) {
	o := offer{Tenant: e.o.Tenant, Title: it.Title, URL: it.URL, ACL: e.o.ACL}
	if o.Tenant == "" && it.Tenant != "" {
		o.Tenant, o.ownTenant = it.Tenant, true
	}
	if o.Tenant == "" {
		o.Tenant = retriever.DefaultTenant
	}
	if o.URL == "" {
		o.URL = linkTo(e.o.URLBase, it)
	}
	if len(o.ACL) == 0 {
		o.ACL = slices.Clone(it.ACL)
		slices.Sort(o.ACL)
	}
	o.Defaults = it.Defaults.orNone()
	var err error
	if o.Metadata, err = overlay(it.Metadata, e.flags); err != nil {
		return o, err
	}
	o.cutter, err = e.cutter(it.Defaults.chunking())
	return o, err
}

// access is who may read the document as far as can be told without its content.
func (o offer) access() []string {
	if len(o.ACL) == 0 && o.Defaults != nil {
		return o.Defaults.ACL
	}
	return o.ACL
}

// pipeline is what Document.Pipeline says of a document made by pipelineID from o.
func (o offer) pipeline(pipelineID string) string {
	if o.Title == "" && o.URL == "" && len(o.Metadata) == 0 && len(o.ACL) == 0 && o.Defaults == nil && !o.ownTenant {
		return pipelineID
	}
	// Canonical: keys are sorted by encoding/json, and all values are strings, numbers,
	// booleans or lists of them.
	b, err := json.Marshal(o)
	if err != nil {
		b = []byte(err.Error())
	}
	sum := sha256.Sum256(b)
	made := pipelineID + offerMark + hex.EncodeToString(sum[:8])
	if o.ownTenant {
		made += ownMark
	}
	return made
}

var errBadACL = errors.New("document's own access list")

// describe fills in the fields of d that the offer and extraction decide together. A
// document's own access list that cannot be read is errBadACL.
func (o offer) describe(d *retriever.Document, found Extracted) error {
	d.Title, d.URL, d.ACL = o.Title, o.URL, o.ACL
	if d.Title == "" {
		d.Title = found.Title
	}
	meta := maps.Clone(found.Metadata)
	if v, ok := meta["acl"]; ok {
		acl, err := retriever.ParseACL(v)
		if err != nil {
			err = fmt.Errorf("%w: %w", errBadACL, err)
			return &Failure{Reason: BadMetadata, Message: err.Error(), Err: err}
		}
		if len(d.ACL) == 0 {
			d.ACL = acl
		}
		delete(meta, "acl")
	}
	if len(d.ACL) == 0 {
		d.ACL = o.access()
	}
	if link, ok := meta["url"].(string); ok && IsLink(link) {
		d.URL = link
		delete(meta, "url")
	}
	if o.Defaults != nil {
		below := maps.Clone(o.Defaults.Metadata)
		maps.Copy(below, meta)
		meta = below
	}
	merged, err := overlay(meta, o.Metadata)
	d.Metadata = merged
	return err
}

func overlay(under, over retriever.Metadata) (retriever.Metadata, error) {
	merged := maps.Clone(under)
	if merged == nil {
		merged = retriever.Metadata{}
	}
	maps.Copy(merged, over)
	checked, err := merged.Check()
	if err != nil {
		return nil, Failf(BadMetadata, "%w", err)
	}
	return checked, nil
}

const (
	offerMark = "+offer:"
	ownMark   = "+own"
)

// namedTenant reports whether a stored document said itself whose it is, so that its
// source speaks for it whatever tenants the source names now.
func namedTenant(pipeline string) bool {
	_, digest, _ := strings.Cut(pipeline, offerMark)
	return strings.HasSuffix(digest, ownMark)
}

// madeBy is the pipeline identity without the offer's digest.
func madeBy(pipeline string) string {
	id, _, _ := strings.Cut(pipeline, offerMark)
	return id
}

// linkTo is base with the item's relative path, escaped; "" without a base.
func linkTo(base string, it Item) string {
	_, rel, ok := strings.Cut(it.URI, "/")
	if base == "" || !ok || strings.Contains(it.URI, "://") {
		return ""
	}
	fragment := ""
	if it.RecordID != "" {
		rel = strings.TrimSuffix(rel, "#"+it.RecordID)
		fragment = "#" + (&url.URL{Fragment: it.RecordID}).EscapedFragment()
	}
	return strings.TrimSuffix(base, "/") + "/" + (&url.URL{Path: rel}).EscapedPath() + fragment
}

// IsLink reports whether s may become a document's URL, which people click: HTTP or
// relative, never a scheme that runs something.
func IsLink(s string) bool {
	u, err := url.Parse(s)
	return err == nil && s != "" && (u.Scheme == "http" || u.Scheme == "https" || u.Scheme == "")
}

// nameOf is the item's base name.
func nameOf(it Item) string {
	if it.Name != "" {
		return it.Name
	}
	return path.Base(it.URI)
}
