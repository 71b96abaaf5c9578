package source

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"ragway/ingest"
	"ragway/retriever"
)

// special are the fields that are not metadata.
var special = map[string]bool{
	"_id": true, "id": true, "title": true, "text": true, "content": true, "body": true,
	"url": true, "acl": true, "tenant": true, "metadata": true,
}

// record is what the fields of a record mean.
//
//	_id, or else id           the record's own id
//	title, url                the document's
//	text, or content, or body its text; a record without any of them is its fields, one
//	                          "name: value" a line, and one with nothing but a title is
//	                          that title
//	acl                       who may read: a list of principals, or a string with commas
//	tenant                    whose it is
//	the rest                  metadata. Objects become dotted names ("meta.lang"), those
//	                          in a list a list for each name; the fields of an object
//	                          called "metadata" keep their own names
type record struct {
	id, title, text, url, tenant string
	acl                          []string
	metadata                     retriever.Metadata
}

// hash is of the text and the title, which is embedded with it. Other fields are compared
// for themselves: changing them costs no embedding.
func (r *record) hash() string {
	h := sha256.New()
	fmt.Fprintf(h, "%d:%s", len(r.title), r.title)
	h.Write([]byte(r.text))
	return hex.EncodeToString(h.Sum(nil))
}

// parse sorts the fields. On an error the record holds what was understood before it, at
// least its id if it has a good one, and whose it is and who may read it.
func (r *record) parse(fields []field) error {
	flat, unflat := r.flatten(fields)
	if err := r.takeID(flat); err != nil {
		return err
	}
	if err := r.takeAccess(flat); err != nil {
		return err
	}
	if unflat != nil {
		return unflat
	}
	hasText, err := r.takeText(flat)
	if err != nil {
		return err
	}
	r.metadata = retriever.Metadata{}
	for _, f := range flat.order {
		if v, ok := flat.values[f]; ok {
			r.metadata[f] = v
		}
	}
	if r.metadata, err = r.metadata.Check(); err != nil {
		return ingest.Failf(ingest.BadMetadata, "%w", err)
	}
	switch {
	case !hasText:
		r.text = r.render(flat)
	case strings.TrimSpace(r.text) == "":
		r.text = r.title
	}
	return nil
}

// flatFields are scalars and lists of scalars by name. Fields are taken out as they find
// their meaning.
type flatFields struct {
	order  []string
	values map[string]any
}

func (f *flatFields) take(name string) (any, bool) {
	v, ok := f.values[name]
	delete(f.values, name)
	return v, ok && v != nil
}

func (f *flatFields) put(name string, v any) {
	if _, known := f.values[name]; !known {
		f.order = append(f.order, name)
	}
	f.values[name] = v
}

// flatten makes dotted names of nested ones. The record's own fields win over those of
// its "metadata" object. A field that cannot be had is left out, and is the error.
func (r *record) flatten(fields []field) (flat *flatFields, err error) {
	flat = &flatFields{values: make(map[string]any, len(fields))}
	var inner []field
	for _, f := range fields {
		if object, ok := f.value.([]field); ok && f.name == "metadata" {
			inner = object
			continue
		}
		err = cmp.Or(err, flat.add(f.name, f.value, false))
	}
	for _, f := range inner {
		if _, taken := flat.values[f.name]; taken {
			continue
		}
		err = cmp.Or(err, flat.add(f.name, f.value, false))
	}
	return flat, err
}

// add puts v under name; within a list it is appended to what is there.
func (f *flatFields) add(name string, v any, list bool) error {
	switch v := v.(type) {
	case []field:
		for _, m := range v {
			if err := f.add(name+"."+m.name, m.value, list); err != nil {
				return err
			}
		}
		return nil
	case []any:
		if len(v) == 0 && !list {
			f.put(name, []any{})
		}
		for _, e := range v {
			if err := f.add(name, e, true); err != nil {
				return err
			}
		}
		return nil
	}
	if !list {
		if _, taken := f.values[name]; taken && special[name] {
			return ingest.Failf(ingest.BadMetadata, "field %q is given twice", name)
		}
		f.put(name, v)
		return nil
	}
	if v == nil {
		return nil
	}
	have, ok := f.values[name].([]any)
	if _, taken := f.values[name]; taken && !ok {
		return ingest.Failf(ingest.BadMetadata, "field %q is given twice", name)
	}
	f.put(name, append(have, v))
	return nil
}

// longestID bounds a record's id, which is part of a URI.
const longestID = 512

func (r *record) takeID(flat *flatFields) error {
	for _, name := range []string{"_id", "id"} {
		v, ok := flat.take(name)
		if !ok {
			continue
		}
		id, err := scalarText(name, v)
		switch {
		case err != nil:
			return err
		case len(id) > longestID:
			return ingest.Failf(ingest.BadMetadata, "field %q has %d bytes, at most %d", name, len(id), longestID)
		case id != "":
			r.id = id
			return nil
		}
	}
	return nil
}

func (r *record) takeAccess(flat *flatFields) error {
	bad := r.takeTenant(flat)
	if v, ok := flat.take("acl"); ok {
		acl, err := retriever.ParseACL(v)
		if err != nil {
			r.acl = []string{ingest.Nobody}
			return ingest.Failf(ingest.BadMetadata, "%w", err)
		}
		r.acl = acl
	}
	for name := range flat.values {
		switch head, _, _ := strings.Cut(strings.ToLower(name), "."); head {
		case "acl", "tenant": // an object, or another spelling: what closes a document must not be taken for metadata
			r.acl = []string{ingest.Nobody}
			return ingest.Failf(ingest.BadMetadata, "field %q: want a list called acl, a name called tenant", name)
		}
	}
	if bad != nil {
		r.acl = []string{ingest.Nobody}
	}
	return bad
}

func (r *record) takeTenant(flat *flatFields) error {
	v, ok := flat.take("tenant")
	if !ok {
		return nil
	}
	tenant, isString := v.(string)
	if !isString || tenant == "" {
		return ingest.Failf(ingest.BadMetadata, "tenant is %v, want a name", v)
	}
	r.tenant = tenant
	return nil
}

func (r *record) takeText(flat *flatFields) (hasText bool, err error) {
	if v, ok := flat.take("title"); ok {
		if r.title, err = scalarText("title", v); err != nil {
			return false, err
		}
	}
	if link, ok := flat.values["url"].(string); ok && ingest.IsLink(link) {
		r.url = link
		flat.take("url")
	}
	for _, name := range []string{"text", "content", "body"} {
		v, ok := flat.take(name)
		if !ok {
			continue
		}
		if parts, isList := v.([]any); isList {
			r.text, err = joinText(name, parts)
		} else {
			r.text, err = scalarText(name, v)
		}
		return true, err
	}
	return false, nil
}

func joinText(name string, parts []any) (string, error) {
	texts := make([]string, len(parts))
	for i, p := range parts {
		s, err := scalarText(name, p)
		if err != nil {
			return "", err
		}
		texts[i] = s
	}
	return strings.Join(texts, "\n\n"), nil
}

func scalarText(name string, v any) (string, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case json.Number:
		return v.String(), nil
	}
	return "", ingest.Failf(ingest.BadMetadata, "field %q is %T, want a string", name, v)
}

// render is the text of a record that has only fields.
func (r *record) render(flat *flatFields) string {
	var b strings.Builder
	for _, name := range flat.order {
		v, ok := flat.values[name]
		if !ok || v == nil {
			continue
		}
		if list, isList := v.([]any); isList {
			parts := make([]string, len(list))
			for i, e := range list {
				parts[i] = fmt.Sprint(e)
			}
			v = strings.Join(parts, ", ")
		}
		if s := fmt.Sprint(v); s != "" {
			fmt.Fprintf(&b, "%s: %s\n", name, s)
		}
	}
	if b.Len() == 0 {
		return r.title
	}
	return b.String()
}
