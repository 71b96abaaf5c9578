package main

import (
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

func TestOnlyADeadProcessOfThisSpaceIsAbandoned(t *testing.T) {
	ended := exec.Command("true")
	if err := ended.Run(); err != nil {
		t.Fatal(err)
	}
	self := processOwner()
	parts := strings.Split(self, "/")
	named := func(space, pid string) string { return strings.Join([]string{parts[0], space, pid, "x"}, "/") }
	dead := strconv.Itoa(ended.Process.Pid)
	boot, namespace, _ := strings.Cut(parts[1], "+")

	for name, tc := range map[string]struct {
		owner string
		want  bool
	}{
		"ended here":                          {named(parts[1], dead), true},
		"this process":                        {self, false},
		"init":                                {named(parts[1], "1"), false},
		"a container of the same host name":   {named(boot+"+pid:[1]", dead), false},
		"a machine of the same host name":     {named("another-boot+"+namespace, dead), false},
		"one that does not know where it was": {named(unknownSpace, dead), false},
		"not a number":                        {named(parts[1], "all"), false},
		"nobody":                              {"", false},
	} {
		if got := ownerIsDead(tc.owner); got != tc.want {
			t.Errorf("%s, %q: dead is %v, want %v", name, tc.owner, got, tc.want)
		}
	}
}

func TestEachOwnerIsOneOfItsOwn(t *testing.T) {
	if a, b := processOwner(), processOwner(); a == b {
		t.Errorf("two owners are called %s", a)
	}
}
