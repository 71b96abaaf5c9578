package extract

import (
	"testing"

	"ragway/ingest"
	"ragway/retriever"
)

// Extracting must not lose that a document says who may read it, however it says so.
func TestUnreadableAccessListIsNeverDropped(t *testing.T) {
	tests := map[string]string{
		"empty list":      "---\nacl: []\n---\ntext\n",
		"empty string":    "---\nacl: ''\n---\ntext\n",
		"number in it":    "---\nacl: [group:hr, 5]\n---\ntext\n",
		"table":           "---\nacl:\n  read: group:hr\n---\ntext\n",
		"two":             "---\nacl: group:hr\nACL: group:all\n---\ntext\n",
		"alias":           "---\nx: &a group:hr\nacl: *a\n---\ntext\n",
		"broken YAML":     "---\nACL: group:hr\ntags: [a\n---\ntext\n",
		"never closed":    "---\nacl: group:hr\n\ntext\n",
		"broken TOML":     "+++\nacl = group:hr\n+++\ntext\n",
		"list of lists":   "---\nacl: [[group:hr]]\n---\ntext\n",
		"no principal":    "---\nacl: hr\n---\ntext\n",
		"closed with ...": "---\nacl: group:hr\n...\ntext\n",
	}
	r, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for name, in := range tests {
		found, err := r.Extract(t.Context(), ingest.Input{Name: "a.md", Data: []byte(in)})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		v, ok := found.Metadata["acl"]
		if !ok {
			t.Errorf("%s: nothing is left of the access list", name)
		} else if acl, err := retriever.ParseACL(v); err == nil {
			t.Errorf("%s: taken for %v", name, acl)
		}
	}
}
