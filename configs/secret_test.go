package configs

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

const planted = "hunter2-planted"

func TestSecretNeverPrints(t *testing.T) {
	c := Default()
	c.Upstream.APIKey = NewSecret(planted)
	c.Auth.APIKey = NewSecret(planted)
	hidden := struct{ inner struct{ s Secret } }{}
	hidden.inner.s = NewSecret(planted)

	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T", "%p"} {
		for _, v := range []any{c, &c, c.Upstream.APIKey, &c.Upstream.APIKey, hidden, &hidden, []Secret{c.Upstream.APIKey}} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
	}
	if err := c.Print(&out); err != nil {
		t.Fatal(err)
	}
	if err := json.NewEncoder(&out).Encode(c); err != nil {
		t.Fatal(err)
	}
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "key", c.Upstream.APIKey, "config", c)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "key", c.Upstream.APIKey, "config", c)
	fmt.Fprintln(&out, errors.Join(fmt.Errorf("with %v", c.Upstream.APIKey)))

	for _, form := range []string{planted, fmt.Sprintf("%x", planted), fmt.Sprintf("%X", planted), fmt.Sprintf("%d", []byte(planted))} {
		if strings.Contains(out.String(), form) {
			t.Errorf("printed as %q", form)
		}
	}
	if !strings.Contains(out.String(), "api_key: <secret>") {
		t.Error("Print does not show that a secret is set")
	}
}

func TestUnsetSecretPrintsAsNothing(t *testing.T) {
	if got := fmt.Sprintf("%v", Secret{}); got != "" {
		t.Errorf("got %q, want nothing", got)
	}
	if NewSecret("").IsSet() {
		t.Error("an empty value counts as set")
	}
}
