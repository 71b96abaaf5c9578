package main

import (
	_ "embed"
	"fmt"
	"runtime"
	"runtime/debug"

	"ragway/retriever/builtin"
)

// version is set by the linker for a release.
var version = "dev"

// thirdParty are the licences of the modules in the binary, word for word. A test holds it
// to what is linked, and writes it: go test ./cmd/ragway -run ThirdParty -update
//
//go:embed third_party.txt
var thirdParty string

type versionCmd struct {
	Licenses bool `help:"Print the licences of ragway and of everything in it."`
}

func (c *versionCmd) Run(a *app) error {
	if c.Licenses {
		return printLicenses(a)
	}
	revision := buildRevision()
	if a.JSON {
		return printJSON(a.out, map[string]string{"version": version, "revision": revision, "go": runtime.Version()})
	}
	_, err := fmt.Fprintf(a.out, "ragway %s (%s, %s)\n", version, revision, runtime.Version())
	return err
}

func printLicenses(a *app) error {
	embedder, err := builtin.New()
	if err != nil {
		return err
	}
	if a.JSON {
		return printJSON(a.out, map[string]string{"license": "Apache-2.0", "embedder": embedder.Notice(), "third_party": thirdParty})
	}
	_, err = fmt.Fprintf(a.out, "ragway is under the Apache License 2.0, whose text is in the file LICENSE and below.\n\n"+
		"The embedder built into it:\n\n%s\n%s", embedder.Notice(), thirdParty)
	return err
}

// buildRevision is the commit the binary was built from, as far as the build knew.
func buildRevision() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value
		}
	}
	return "unknown"
}
