package main

import (
	"net"
	"testing"
)

func TestAnnouncedAddressHasTheConfiguredHostAndTheTakenPort(t *testing.T) {
	for listen, tc := range map[string]struct{ taken, want string }{
		"127.0.0.1:0":    {"127.0.0.1:4711", "127.0.0.1:4711"},
		"localhost:8080": {"127.0.0.1:8080", "localhost:8080"},
		"0.0.0.0:8080":   {"[::]:8080", "0.0.0.0:8080"}, // Go listens on both families
		"[::1]:0":        {"[::1]:4711", "[::1]:4711"},
		":8080":          {"[::]:8080", "[::]:8080"},
	} {
		addr, err := net.ResolveTCPAddr("tcp", tc.taken)
		if err != nil {
			t.Fatal(err)
		}
		if got := announced(listen, addr); got != tc.want {
			t.Errorf("%s taken as %s is announced as %s, want %s", listen, tc.taken, got, tc.want)
		}
	}
}
