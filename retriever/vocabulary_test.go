package retriever_test

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ragway/retriever"
)

func TestScopeFailsClosed(t *testing.T) {
	open := retriever.Document{Tenant: "acme"}
	hr := retriever.Document{Tenant: "acme", ACL: []string{"group:hr"}}
	for name, tc := range map[string]struct {
		scope      retriever.Scope
		doc        retriever.Document
		read, coll bool
	}{
		"zero sees nothing":            {retriever.Scope{}, open, false, false},
		"zero and a tenantless doc":    {retriever.Scope{}, retriever.Document{}, false, false},
		"tenant, no collections":       {retriever.Scope{Tenant: "acme"}, open, true, false},
		"all collections, no tenant":   {retriever.Scope{Collections: []string{"*"}}, open, false, false},
		"own tenant":                   {retriever.Scope{Tenant: "acme", Collections: []string{"c"}}, open, true, true},
		"other tenant":                 {retriever.Scope{Tenant: "evil", Collections: []string{"c"}}, open, false, true},
		"acl without principals":       {retriever.Scope{Tenant: "acme", Collections: []string{"c"}}, hr, false, true},
		"acl with another principal":   {retriever.Scope{Tenant: "acme", Principals: []string{"user:hr"}, Collections: []string{"c"}}, hr, false, true},
		"acl with the principal":       {retriever.Scope{Tenant: "acme", Principals: []string{"user:x", "group:hr"}, Collections: []string{"*"}}, hr, true, true},
		"other collections":            {retriever.Scope{Tenant: "acme", Collections: []string{"d"}}, open, true, false},
		"operator":                     {retriever.Operator(), hr, true, true},
		"operator within":              {retriever.Operator().Within("d"), hr, true, false},
		"within cannot widen":          {retriever.Scope{Tenant: "acme", Collections: []string{"d"}}.Within("c"), open, true, false},
		"within of all is what's left": {retriever.Scope{Tenant: "acme", Collections: []string{"*"}}.Within("c"), open, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			if got := tc.scope.Allows(tc.doc); got != tc.read {
				t.Errorf("Allows: got %v", got)
			}
			if got := tc.scope.AllowsCollection("c"); got != tc.coll {
				t.Errorf("AllowsCollection: got %v", got)
			}
		})
	}
}

func TestParseFilterRefusesWithTheReason(t *testing.T) {
	for in, want := range map[string]string{
		`{"type":"like","key":"a","value":1}`:     `type "like"`,
		`{"type":"eq","value":1}`:                 `"eq" wants "key" and "value"`,
		`{"type":"and","filters":[]}`:             `non-empty "filters"`,
		`{"type":"in","key":"a","value":1}`:       "wants an array",
		`{"type":"eq","key":"a","value":1,"x":2}`: `unknown field "x"`,
		`[]`: "cannot unmarshal array",
		strings.Repeat(`{"type":"and","filters":[`, 20) + `1`:                                                            "unexpected EOF",
		strings.Repeat(`{"type":"and","filters":[`, 20) + `{"type":"eq","key":"a","value":1}` + strings.Repeat(`]}`, 20): "deeper than 16",
	} {
		_, err := retriever.ParseFilter([]byte(in))
		if !errors.Is(err, retriever.ErrBadFilter) || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40s: got %v, want %q", in, err, want)
		}
	}
	if f, err := retriever.ParseFilter([]byte(" null ")); f != nil || err != nil {
		t.Errorf("null: got %v, %v", f, err)
	}
}

func TestFilterMeaning(t *testing.T) {
	schema := retriever.Schema{"lang": "string", "year": "number", "tags": "string", "ok": "bool", "due": "string"}
	doc := retriever.Metadata{"lang": "en", "year": 2024.0, "tags": []any{"a", "b"}, "ok": true, "due": []any{"soon", "2026-03-01T01:00:00+02:00"}}
	empty := retriever.Metadata{}
	for in, want := range map[string][2]bool{ // doc, empty
		`{"type":"eq","key":"lang","value":"en"}`:                                                                  {true, false},
		`{"type":"ne","key":"lang","value":"en"}`:                                                                  {false, true},
		`{"type":"ne","key":"lang","value":"de"}`:                                                                  {true, true},
		`{"type":"eq","key":"tags","value":"b"}`:                                                                   {true, false},
		`{"type":"ne","key":"tags","value":"b"}`:                                                                   {false, true},
		`{"type":"in","key":"tags","value":["x","a"]}`:                                                             {true, false},
		`{"type":"in","key":"tags","value":[]}`:                                                                    {false, false},
		`{"type":"nin","key":"tags","value":[]}`:                                                                   {true, true},
		`{"type":"nin","key":"tags","value":["a"]}`:                                                                {false, true},
		`{"type":"gt","key":"year","value":2023}`:                                                                  {true, false},
		`{"type":"gte","key":"year","value":2024}`:                                                                 {true, false},
		`{"type":"lt","key":"year","value":2024}`:                                                                  {false, false},
		`{"type":"lte","key":"year","value":2024}`:                                                                 {true, false},
		`{"type":"eq","key":"ok","value":true}`:                                                                    {true, false},
		`{"type":"gte","key":"due","value":"2026-02-28T23:00:00Z"}`:                                                {true, false},
		`{"type":"gt","key":"due","value":"2026-02-28T23:00:00Z"}`:                                                 {false, false},
		`{"type":"lt","key":"due","value":"2026-03-01"}`:                                                           {true, false},
		`{"type":"gt","key":"lang","value":"2026-03-01"}`:                                                          {false, false},
		`{"type":"and","filters":[{"type":"eq","key":"ok","value":true},{"type":"eq","key":"lang","value":"de"}]}`: {false, false},
		`{"type":"or","filters":[{"type":"eq","key":"lang","value":"de"},{"type":"nin","key":"lang","value":["de","en"]}]}`: {false, true},
	} {
		f, err := retriever.ParseFilter([]byte(in))
		if err != nil {
			t.Fatalf("%s: %v", in, err)
		}
		if err := f.Validate(schema, nil); err != nil {
			t.Errorf("%s: %v", in, err)
		}
		if data, err := json.Marshal(f); err != nil {
			t.Errorf("%s: %v", in, err)
		} else if again, err := retriever.ParseFilter(data); err != nil || !cmp.Equal(again, f) {
			t.Errorf("%s: written as %s: %v", in, data, err)
		}
		if got := [2]bool{f.Match(doc), f.Match(empty)}; got != want {
			t.Errorf("%s: got %v, want %v", in, got, want)
		}
	}
}

func TestFilterThatDoesNotFitTheSchemaIsAnError(t *testing.T) {
	schema := retriever.Schema{"lang": "string", "year": "number", "secret": "string"}
	fields := func() []string { return []string{"year", "lang"} }
	for in, want := range map[string]string{
		`{"type":"eq","key":"nope","value":1}`:                                  "have the fields lang, year:",
		`{"type":"eq","key":"lang","value":1}`:                                  "is string, got number",
		`{"type":"eq","key":"lang","value":null}`:                               "got null",
		`{"type":"eq","key":"lang","value":["en"]}`:                             "got an array",
		`{"type":"gt","key":"lang","value":"a"}`:                                "wants a date",
		`{"type":"gt","key":"year","value":"2026-01-31"}`:                       "is number, got string",
		`{"type":"in","key":"year","value":[1,"2"]}`:                            "got string",
		`{"type":"and","filters":[{"type":"eq","key":"year","value":{"a":1}}]}`: "got an object",
	} {
		f, err := retriever.ParseFilter([]byte(in))
		if err != nil {
			t.Fatalf("%s: %v", in, err)
		}
		if err := f.Validate(schema, fields); !errors.Is(err, retriever.ErrBadFilter) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", in, err, want)
		}
	}
}

func TestMetadataIsCanonicalAndTyped(t *testing.T) {
	got, err := retriever.Metadata{"n": 3, "l": []string{"a"}, "nil": nil, "none": []any{}, "b": true}.Check()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(retriever.Metadata{"n": 3.0, "l": []any{"a"}, "b": true}, got); diff != "" {
		t.Error(diff)
	}
	for name, bad := range map[string]any{"nan": math.NaN(), "object": map[string]any{}, "mixed": []any{"a", 1}, "nested": []any{[]any{}}} {
		if _, err := (retriever.Metadata{"k": bad}).Check(); !errors.Is(err, retriever.ErrBadMetadata) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	schema, added, err := retriever.Schema(nil).Extend(got)
	if err != nil || len(added) != 3 {
		t.Fatalf("got %v, %v", added, err)
	}
	if _, _, err := schema.Extend(retriever.Metadata{"n": "three"}); !errors.Is(err, retriever.ErrBadMetadata) {
		t.Errorf("another type: got %v", err)
	}
	for i := len(schema); i < retriever.MaxFields; i++ {
		if schema, _, err = schema.Extend(retriever.Metadata{strings.Repeat("x", i): 1.0}); err != nil {
			t.Fatal(err)
		}
	}
	for _, more := range []any{1.0, "another type"} {
		if got, added, err := schema.Extend(retriever.Metadata{"one too many": more}); err != nil || len(added) > 0 || len(got) != retriever.MaxFields {
			t.Errorf("over the bound: %d fields, added %v, %v", len(got), added, err)
		}
	}
}

func TestSealIsDeterministicAndSensitive(t *testing.T) {
	seal := func(edit func(*retriever.Document)) retriever.Upsert {
		u := retriever.Upsert{
			Document: retriever.Document{Collection: "c", Tenant: "t", URI: "n/a.md", Hash: "h", ACL: []string{"b", "a"}, Metadata: retriever.Metadata{"k": 1.0}},
			Chunks:   []retriever.Chunk{{Text: "one"}, {Text: "two"}},
		}
		edit(&u.Document)
		u.Seal()
		return u
	}
	base := seal(func(*retriever.Document) {})
	if diff := cmp.Diff(base.Document.Version, seal(func(d *retriever.Document) { d.ACL = []string{"a", "b"} }).Document.Version); diff != "" {
		t.Error("order of the access list matters")
	}
	for name, edit := range map[string]func(*retriever.Document){
		"hash":     func(d *retriever.Document) { d.Hash = "x" },
		"acl":      func(d *retriever.Document) { d.ACL = []string{"a"} },
		"metadata": func(d *retriever.Document) { d.Metadata = retriever.Metadata{"k": 2.0} },
		"title":    func(d *retriever.Document) { d.Title = "x" },
		"pipeline": func(d *retriever.Document) { d.Pipeline = "x" },
	} {
		u := seal(edit)
		if u.Document.Version == base.Document.Version || u.Chunks[0].ID == base.Chunks[0].ID {
			t.Errorf("%s: version or chunk id did not change", name)
		}
		if u.Document.ID != base.Document.ID {
			t.Errorf("%s: document id changed", name)
		}
	}
	if other := seal(func(d *retriever.Document) { d.Tenant = "u" }); other.Document.ID == base.Document.ID {
		t.Error("two tenants share a document id")
	}
}

func TestFingerprintsThatDiffer(t *testing.T) {
	a := retriever.Fingerprint{Model: "m", Dimension: 2, Probe: retriever.Vector{1, 0}}
	for name, tc := range map[string]struct {
		other retriever.Fingerprint
		same  bool
	}{
		"itself":               {a, true},
		"probe wobbles":        {retriever.Fingerprint{Model: "m", Dimension: 2, Probe: retriever.Vector{0.9999, 0.0141}}, true},
		"not asked yet":        {retriever.Fingerprint{Model: "m"}, true},
		"weights changed":      {retriever.Fingerprint{Model: "m", Dimension: 2, Probe: retriever.Vector{0, 1}}, false},
		"another name":         {retriever.Fingerprint{Model: "n", Dimension: 2, Probe: a.Probe}, false},
		"another dimension":    {retriever.Fingerprint{Model: "m", Dimension: 3}, false},
		"another query prefix": {retriever.Fingerprint{Model: "m", Dimension: 2, QueryPrefix: "query: "}, false},
	} {
		if err := a.Matches(tc.other); errors.Is(err, retriever.ErrFingerprint) == tc.same {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestVectorsAreScaledOrRefused(t *testing.T) {
	v := retriever.Vector{3, 4}
	if err := retriever.Normalize(v); err != nil || v.Check(2) != nil {
		t.Errorf("got %v, %v", v, err)
	}
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, bad := range []retriever.Vector{{}, {0, 0}, {nan, 1}, {inf, 1}} {
		if err := retriever.Normalize(bad); !errors.Is(err, retriever.ErrBadVector) {
			t.Errorf("normalize %v: got %v", bad, err)
		}
	}
	for _, bad := range []retriever.Vector{nil, {1}, {1, 1}, {nan, 1}, {0, 0, 1}} {
		if err := bad.Check(2); !errors.Is(err, retriever.ErrBadVector) {
			t.Errorf("check %v: got %v", bad, err)
		}
	}
}

func TestCollectionNamesAndModesAreHeldToTheirRule(t *testing.T) {
	for name, ok := range map[string]bool{
		"a": true, "0-a_b": true, strings.Repeat("a", 63): true,
		"": false, "A": false, "-a": false, "a.b": false, "ä": false, "a\n": false, strings.Repeat("a", 64): false,
	} {
		if err := retriever.CheckCollectionName(name); (err == nil) != ok {
			t.Errorf("collection %q: got %v", name, err)
		}
	}
	for in, want := range map[string]retriever.Mode{"": retriever.Hybrid, "hybrid": retriever.Hybrid, "dense": retriever.Dense, "lexical": retriever.Lexical, "Hybrid": ""} {
		if got, err := retriever.ParseMode(in); got != want || (err != nil) != (want == "") {
			t.Errorf("mode %q: got %q, %v", in, got, err)
		}
	}
}
