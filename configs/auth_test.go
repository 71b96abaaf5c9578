package configs

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAPIKeyIsOneMoreKeyOfTheDefaultTenant(t *testing.T) {
	c, err := Load(Sources{Getenv: func(name string) string {
		return map[string]string{"RAGWAY_API_KEY": "open sesame", "RAGWAY_SERVER_LISTEN": "0.0.0.0:8080"}[name]
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Validate(); err != nil {
		t.Errorf("a key must allow every address: %v", err)
	}
	sum := sha256.Sum256([]byte("open sesame"))
	want := []Key{{Name: "RAGWAY_API_KEY", SHA256: hex.EncodeToString(sum[:]), Tenant: "default"}}
	if diff := cmp.Diff(want, c.Auth.AllKeys()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAPIKeyThatIsListedTooIsAmbiguous(t *testing.T) {
	c := Default()
	c.Auth.APIKey = NewSecret("open sesame")
	for key, want := range map[string]string{
		"open sesame": "auth.keys[0].sha256: is of the key in RAGWAY_API_KEY: what may its holder see?",
		"another":     "<nil>",
	} {
		sum := sha256.Sum256([]byte(key))
		c.Auth.Keys = []Key{{Name: "listed", SHA256: hex.EncodeToString(sum[:]), Tenant: "acme"}}
		if got := fmt.Sprint(c.Validate()); got != want {
			t.Errorf("listed %q: got %s, want %s", key, got, want)
		}
	}
}

func TestPrincipalsCarryTheirKind(t *testing.T) {
	got := Key{User: "ann", Groups: []string{"hr", "board"}}.Principals()
	if diff := cmp.Diff([]string{"user:ann", "group:hr", "group:board"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := (Key{}).Principals(); got != nil {
		t.Errorf("a key without user and groups has principals %v", got)
	}
}

func TestWithoutAKeyOnlyLoopbackIsAllowed(t *testing.T) {
	tests := []struct {
		listen   string
		insecure bool
		ok       bool
	}{
		{"127.0.0.1:8080", false, true},
		{"127.9.9.9:0", false, true},
		{"[::1]:8080", false, true},
		{"localhost:8080", false, true},
		{"0.0.0.0:8080", false, false},
		{":8080", false, false},
		{"[::]:8080", false, false},
		{"192.168.1.5:8080", false, false},
		{"ragway.internal:8080", false, false},
		{"localhost.evil.example:8080", false, false},
		{":8080", true, true},
	}
	for _, tt := range tests {
		c := Default()
		c.Server.Listen, c.Server.InsecureNoAuth = tt.listen, tt.insecure
		if err := c.Validate(); (err == nil) != tt.ok {
			t.Errorf("listen %q, insecure %v: got %v, want ok %v", tt.listen, tt.insecure, err, tt.ok)
		}
	}
}
