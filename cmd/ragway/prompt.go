package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"ragway/configs"
)

type promptCmd struct {
	List   promptListCmd   `cmd:"" help:"List prompt profiles with their versions."`
	Show   promptShowCmd   `cmd:"" help:"Print a profile as its file has it."`
	Render promptRenderCmd `cmd:"" help:"Print the exact bytes that a model would be sent for a request."`
}

type promptListCmd struct{}

func (c *promptListCmd) Run(a *app) error {
	profiles, err := a.shownProfiles()
	if err != nil {
		return err
	}
	var rows [][]string
	for _, p := range profiles {
		if a.JSON {
			if err := printJSON(a.out, p); err != nil {
				return err
			}
			continue
		}
		rows = append(rows, []string{p.Name, p.versionOrKind(), p.From, p.summary()})
	}
	if a.JSON {
		return nil
	}
	return printTable(a.out, []string{"NAME", "VERSION", "FROM", "DESCRIPTION"}, rows)
}

type promptShowCmd struct {
	Name string `arg:"" help:"Name of the profile."`
}

func (c *promptShowCmd) Run(a *app) error {
	profiles, err := a.shownProfiles()
	if err != nil {
		return err
	}
	i := slices.IndexFunc(profiles, func(p shownProfile) bool { return p.Name == c.Name })
	if i < 0 {
		names := make([]string, len(profiles))
		for i, p := range profiles {
			names[i] = p.Name
		}
		return usagef("there is no profile %q%s", c.Name, suggestion(c.Name, names...))
	}
	p := profiles[i]
	var text strings.Builder
	if err := p.file.Print(&text); err != nil {
		return err
	}
	if !a.JSON {
		fmt.Fprintf(a.out, "# %s, %s, %s\n%s", p.Name, p.versionOrKind(), p.From, text.String())
		return nil
	}
	data, err := yaml.YAMLToJSON([]byte(text.String()))
	if err != nil {
		return fmt.Errorf("print profile: %w", err)
	}
	p.Profile = data
	return printJSON(a.out, p)
}

// shownProfile is a profile as list and show print it.
type shownProfile struct {
	Name        string          `json:"name"`
	Version     string          `json:"version,omitempty"` // variants have none
	From        string          `json:"from"`              // shipped, or the file
	Description string          `json:"description"`
	Variants    []shownVariant  `json:"variants,omitempty"`
	Profile     json.RawMessage `json:"profile,omitempty"`

	file configs.Profile
}

type shownVariant struct {
	Profile string `json:"profile"`
	Weight  int    `json:"weight"`
}

// shownProfiles are all there are, by name.
func (a *app) shownProfiles() ([]shownProfile, error) {
	if err := a.configure(); err != nil {
		return nil, err
	}
	files, err := profileFiles(a.cfg)
	if err != nil {
		return nil, err
	}
	l := library(files)
	var out []shownProfile
	for _, name := range slices.Sorted(maps.Keys(files)) {
		f := files[name]
		p := shownProfile{Name: name, From: "shipped", Description: f.Description, file: f}
		setIf(&p.From, f.File)
		for _, v := range f.Variants {
			p.Variants = append(p.Variants, shownVariant{v.Profile, v.Weight})
		}
		if p.Variants == nil {
			p.Version = l.Profiles[name].Version()
		}
		out = append(out, p)
	}
	return out, nil
}

func (p shownProfile) versionOrKind() string {
	if p.Variants != nil {
		return "variants"
	}
	return p.Version
}

// summary is the description, or what the variants are.
func (p shownProfile) summary() string {
	if p.Description != "" || p.Variants == nil {
		return snippet(p.Description, 100)
	}
	parts := make([]string, len(p.Variants))
	for i, v := range p.Variants {
		parts[i] = fmt.Sprintf("%s %d", v.Profile, v.Weight)
	}
	return strings.Join(parts, ", ")
}
