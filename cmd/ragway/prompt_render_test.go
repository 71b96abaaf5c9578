package main

import (
	"strings"
	"testing"

	"ragway/gateway/wire"
)

// With its control cut out again, a request is what it was without one, or with its own.
func TestControlLeavesEveryOtherByte(t *testing.T) {
	messages := `"messages":[{"role":"user","content":"a \"rag\": {}"}]`
	tests := []struct{ name, body string }{
		{"one line", `{"model":"m",` + messages + `}`},
		{"lines", "\n{\n  \"model\" : \"m\",\n  " + messages + "\n}\n"},
		{"one member", `{ ` + messages + ` }`},
		{"control first", "{\"rag\": {\"top_k\": 3},\n" + messages + `}`},
		{"control between", `{"model":"m", "rag" : {"filter":{"type":"eq","key":"n","value":9007199254740993}} ,` + messages + `}`},
		{"control last", `{` + messages + ",\n\"rag\": {}\n}"},
		{"control null", `{` + messages + `,"rag":null}`},
		{"another object's", `{"metadata":{"rag":false},` + messages + `}`},
	}
	for _, test := range tests {
		got, err := withControl([]byte(test.body), map[string]any{"dry_run": true})
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if !strings.Contains(string(got), `"dry_run":true`) {
			t.Errorf("%s: no control in %s", test.name, got)
		}
		if strings.Contains(test.body, "9007199254740993") && !strings.Contains(string(got), `"value":9007199254740993`) {
			t.Errorf("%s: a number has changed in %s", test.name, got)
		}
		if got, want := withoutControl(t, got), withoutControl(t, []byte(test.body)); got != want {
			t.Errorf("%s: left is %q, want %q", test.name, got, want)
		}
	}
}

func withoutControl(t *testing.T, body []byte) string {
	t.Helper()
	r, err := wire.Chat.ParseRequest(body)
	if err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	out, err := wire.Apply(body, r.CutControl()...)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestNoControlWithoutAnObject(t *testing.T) {
	for _, body := range []string{"", "[]", "null", `{"a"}`, `{"a":1`, `{"rag":false,"a":1}`, `{"rag":[],"a":1}`, `{"rag":1}`} {
		if got, err := withControl([]byte(body), map[string]any{"dry_run": true}); err == nil {
			t.Errorf("%s: %s, want an error", body, got)
		}
	}
}
