package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write third_party.txt")

// module is one that is linked into the binary, with its licence files.
type module struct{ path, dir string }

func TestThirdPartyHasTheLicenceOfEveryModule(t *testing.T) {
	want := renderLicences(t, linkedModules(t))
	if *update {
		if err := os.WriteFile("third_party.txt", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(thirdParty, "\n")); diff != "" {
		t.Errorf("run go test ./cmd/ragway -run ThirdParty -update (-linked +third_party.txt):\n%s", diff)
	}
}

// linkedModules are those of the released binary, sorted, and Go itself.
func linkedModules(t *testing.T) []module {
	t.Helper()
	const format = "{{with .Module}}{{if not .Main}}{{.Path}} {{.Dir}}{{end}}{{end}}"
	list := exec.Command("go", "list", "-deps", "-f", format, ".")
	list.Env = append(os.Environ(), "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=0")
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var modules []module
	for line := range strings.Lines(string(out)) {
		path, dir, _ := strings.Cut(strings.TrimSpace(line), " ")
		if m := (module{path, dir}); path != "" && !slices.Contains(modules, m) {
			modules = append(modules, m)
		}
	}
	slices.SortFunc(modules, func(a, b module) int { return strings.Compare(a.path, b.path) })
	for _, m := range modules {
		if m.path == "golang.org/x/sys" { // its licence is Go's own, which not every installation of Go holds
			return append(modules, module{"the Go standard library", m.dir})
		}
	}
	t.Fatal("golang.org/x/sys is not linked")
	return nil
}

// renderLicences lists the modules with their licences, then each text once.
func renderLicences(t *testing.T, modules []module) string {
	t.Helper()
	var list, texts strings.Builder
	users := map[string][]string{} // of a text
	var order []string
	for _, m := range modules {
		files := licenceTexts(t, m)
		fmt.Fprintf(&list, "%-55s %s\n", m.path, licenceName(t, m, files[0]))
		for _, text := range files {
			if users[text] == nil {
				order = append(order, text)
			}
			users[text] = append(users[text], m.path)
		}
	}
	for _, text := range order {
		fmt.Fprintf(&texts, "\n%s\n%s\n\n%s\n", strings.Repeat("=", 80), strings.Join(users[text], "\n"), text)
	}
	return "Other software in it. PDFium, compiled into go-pdfium, is under the Apache License 2.0.\n\n" + list.String() + texts.String()
}

// licenceTexts are the module's licence and notices, the licence first.
func licenceTexts(t *testing.T, m module) []string {
	t.Helper()
	var texts []string
	for _, pattern := range []string{"LICENSE", "LICENSE.txt", "LICENSE.md", "COPYING", "UNLICENSE", "LICENSE-*", "NOTICE*"} {
		names, err := filepath.Glob(filepath.Join(m.dir, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			text := strings.ReplaceAll(string(data), "\r\n", "\n")
			texts = append(texts, strings.Trim(text, "\n"))
		}
	}
	if texts == nil {
		t.Fatalf("%s has no licence", m.path)
	}
	return texts
}

// licenceName is the SPDX name of a text. One that is not known here must be read before
// its module is used.
func licenceName(t *testing.T, m module, text string) string {
	t.Helper()
	text = strings.Join(strings.Fields(text), " ")
	for _, l := range []struct{ mark, name string }{
		{"Apache License Version 2.0", "Apache-2.0"},
		{"Mozilla Public License", "MPL-2.0"},
		{"Permission is hereby granted, free of charge", "MIT"},
		{"Neither the name", "BSD-3-Clause"},
		{"The names of its contributors may not", "BSD-3-Clause"},
		{"Redistribution and use in source and binary forms", "BSD-2-Clause"},
		{"This is free and unencumbered software", "Unlicense"},
	} {
		if strings.Contains(text, l.mark) {
			return l.name
		}
	}
	t.Fatalf("the licence of %s is not one that is known to be compatible:\n%.300s", m.path, text)
	return ""
}
