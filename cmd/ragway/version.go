package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// version is set by the linker for a release.
var version = "dev"

type versionCmd struct{}

func (c *versionCmd) Run(a *app) error {
	revision := buildRevision()
	if a.JSON {
		return printJSON(a.out, map[string]string{"version": version, "revision": revision, "go": runtime.Version()})
	}
	_, err := fmt.Fprintf(a.out, "ragway %s (%s, %s)\n", version, revision, runtime.Version())
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
