package qdrant

import (
	"encoding/json"
	"fmt"
	"time"

	api "github.com/qdrant/go-client/qdrant"

	"ragway/retriever"
)

// payload is a point's payload as plain values.
type payload = map[string]any

// barePoint is a point without vectors. Its values must be of the types go-client takes.
func barePoint(id *api.PointId, p payload) *api.PointStruct {
	return &api.PointStruct{Id: id, Payload: api.NewValueMap(p), Vectors: api.NewVectorsMap(map[string]*api.Vector{})}
}

// documentRecord is a retriever.Document as it is stored.
type documentRecord struct {
	Collection string             `json:"collection"`
	Tenant     string             `json:"tenant"`
	URI        string             `json:"uri"`
	RecordID   string             `json:"record_id,omitempty"`
	Title      string             `json:"title,omitempty"`
	MIME       string             `json:"mime,omitempty"`
	URL        string             `json:"url,omitempty"`
	Hash       string             `json:"hash,omitempty"`
	Size       int64              `json:"size"`
	ModTime    time.Time          `json:"mod_time,omitzero"`
	Metadata   retriever.Metadata `json:"metadata,omitempty"`
	ACL        []string           `json:"acl,omitempty"`
	Pipeline   string             `json:"pipeline,omitempty"`
}

// manifest is the point that says which version of a document is the one.
type manifest struct {
	document  retriever.Document // Version and UpdatedAt included
	started   int64              // µs, of the write that committed it
	committed time.Time          // by the writer's clock
}

func manifestPoint(u *retriever.Upsert, started int64, committed, updated time.Time) (*api.PointStruct, error) {
	d := &u.Document
	record, err := json.Marshal(documentRecord{Collection: d.Collection, Tenant: d.Tenant, URI: d.URI, RecordID: d.RecordID,
		Title: d.Title, MIME: d.MIME, URL: d.URL, Hash: d.Hash, Size: d.Size, ModTime: d.ModTime,
		Metadata: d.Metadata, ACL: d.ACL, Pipeline: d.Pipeline})
	if err != nil {
		return nil, fmt.Errorf("encode document: %w", err)
	}
	var bytes, vectors int
	for _, c := range u.Chunks {
		bytes += len(c.Text)
		if c.Vector != nil {
			vectors++
		}
	}
	p := access(d)
	p[fieldOfKind], p[fieldDocumentID], p[fieldVersion], p[fieldStarted] = string(documentKind), d.ID, d.Version, started
	p[fieldDocument], p[fieldUpdated], p[fieldCommitted] = string(record), timestamp(updated), committed.UnixMicro()
	p[fieldTitle], p[fieldSource], p[fieldURL] = d.Title, d.URI, d.URL
	p[fieldChunks], p[fieldVectors], p[fieldBytes] = len(u.Chunks), vectors, bytes
	return barePoint(api.NewID(d.ID), p), nil
}

func timestamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

func parseTimestamp(v *api.Value) time.Time {
	t, err := time.Parse(time.RFC3339Nano, v.GetStringValue())
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}

// access is who may read d, in the fields that scopes are compiled to.
func access(d *retriever.Document) payload {
	p := payload{fieldTenant: d.Tenant, fieldEveryone: len(d.ACL) == 0}
	if len(d.ACL) > 0 {
		p[fieldACL] = list(d.ACL)
	}
	return p
}

func list(values []string) []any {
	out := make([]any, len(values))
	for i, v := range values {
		out[i] = v
	}
	return out
}

// manifestFields are the payload fields that parseManifest and the readers need.
var manifestFields = []string{fieldOfKind, fieldDocument, fieldVersion, fieldChunks, fieldUpdated, fieldStarted, fieldCommitted}

func parseManifest(id string, p map[string]*api.Value) (manifest, error) {
	var r documentRecord
	if err := json.Unmarshal([]byte(p[fieldDocument].GetStringValue()), &r); err != nil {
		return manifest{}, fmt.Errorf("manifest of %s: %w: %w", id, err, retriever.ErrCorrupt)
	}
	return manifest{
		document: retriever.Document{ID: id, Collection: r.Collection, Tenant: r.Tenant, URI: r.URI, RecordID: r.RecordID,
			Title: r.Title, MIME: r.MIME, URL: r.URL, Hash: r.Hash, Size: r.Size, ModTime: r.ModTime, Metadata: r.Metadata,
			ACL: r.ACL, Pipeline: r.Pipeline, Version: p[fieldVersion].GetStringValue(),
			Chunks: int(p[fieldChunks].GetIntegerValue()), UpdatedAt: parseTimestamp(p[fieldUpdated])},
		started:   p[fieldStarted].GetIntegerValue(),
		committed: time.UnixMicro(p[fieldCommitted].GetIntegerValue()),
	}, nil
}

// stampFields are the payload fields that parseStamp needs.
var stampFields = []string{fieldOfKind, fieldTenant, fieldEveryone, fieldACL, fieldVersion, fieldStarted, fieldCommitted}

func parseStamp(id string, p map[string]*api.Value) manifest {
	m := manifest{
		document:  retriever.Document{ID: id, Tenant: p[fieldTenant].GetStringValue(), Version: p[fieldVersion].GetStringValue()},
		started:   p[fieldStarted].GetIntegerValue(),
		committed: time.UnixMicro(p[fieldCommitted].GetIntegerValue()),
	}
	for _, principal := range p[fieldACL].GetListValue().GetValues() {
		m.document.ACL = append(m.document.ACL, principal.GetStringValue())
	}
	if len(m.document.ACL) == 0 && !p[fieldEveryone].GetBoolValue() {
		m.document.Tenant = "" // a list was lost: nobody's
	}
	return m
}

func chunkPayload(d *retriever.Document, c *retriever.Chunk, started int64) payload {
	p := access(d)
	p[fieldOfKind], p[fieldDocumentID], p[fieldVersion], p[fieldStarted] = string(chunkKind), d.ID, d.Version, started
	p[fieldContent], p[fieldTitle], p[fieldSource], p[fieldURL] = c.Text, d.Title, d.URI, d.URL
	p[fieldOrdinal], p[fieldPage], p[fieldTokens] = c.Ordinal, c.Page, c.Tokens
	p[fieldHeadings], p[fieldSpan], p[fieldContext] = list(c.Headings), []any{c.Span.Start, c.Span.End}, c.Context
	if len(d.Metadata) > 0 {
		p[fieldMetadata] = map[string]any(d.Metadata)
	}
	for key, v := range d.Metadata {
		if !isPlain(key) {
			p[fieldPath(key)] = v
		}
	}
	addDates(p, d.Metadata)
	return p
}

// versionFields are the payload fields that tell whether a chunk is of a committed version.
var versionFields = []string{fieldDocumentID, fieldVersion}

// chunkFields are the payload fields that parseChunk and the readers need.
var chunkFields = []string{fieldDocumentID, fieldVersion, fieldContent, fieldOrdinal, fieldPage, fieldTokens, fieldHeadings, fieldSpan, fieldContext}

func parseChunk(id string, p map[string]*api.Value) retriever.Chunk {
	c := retriever.Chunk{ID: id, DocumentID: p[fieldDocumentID].GetStringValue(), Ordinal: int(p[fieldOrdinal].GetIntegerValue()),
		Text: p[fieldContent].GetStringValue(), Context: p[fieldContext].GetStringValue(),
		Page: int(p[fieldPage].GetIntegerValue()), Tokens: int(p[fieldTokens].GetIntegerValue())}
	for _, h := range p[fieldHeadings].GetListValue().GetValues() {
		c.Headings = append(c.Headings, h.GetStringValue())
	}
	if span := p[fieldSpan].GetListValue().GetValues(); len(span) == 2 {
		c.Span = retriever.Span{Start: int(span[0].GetIntegerValue()), End: int(span[1].GetIntegerValue())}
	}
	return c
}
