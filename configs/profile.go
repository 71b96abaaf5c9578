package configs

import (
	"embed"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // time_zone means the same on a machine without a database of zones

	"github.com/goccy/go-yaml"
)

// Profile is a way of answering, as a file of its own says it: FOLDER/NAME.yaml.
// docs/profiles.md explains every key.
type Profile struct {
	Description     string          `yaml:"description"`
	Instructions    string          `yaml:"instructions"`
	Voice           string          `yaml:"voice"`
	Rules           []string        `yaml:"rules"`
	Examples        []Example       `yaml:"examples"`
	DynamicExamples DynamicExamples `yaml:"dynamic_examples"`
	Reasoning       string          `yaml:"reasoning"` // none, shown, hidden, native
	Effort          string          `yaml:"effort"`    // of reasoning native: low, medium, high
	Variables       []string        `yaml:"variables"` // date, locale, user, tenant, groups
	TimeZone        string          `yaml:"time_zone"` // of the date, e.g. Europe/Zurich
	Citations       string          `yaml:"citations"` // annotations, links, footnotes, none
	OnEmpty         string          `yaml:"on_empty"`  // empty: retrieval.on_empty
	Refusal         string          `yaml:"refusal"`   // empty: the gateway's own
	Placement       string          `yaml:"placement"` // auto, system, user
	Wording         Wording         `yaml:"wording"`
	Variants        []Variant       `yaml:"variants"` // other profiles; then nothing else is set

	File string `yaml:"-"` // where it came from; empty: shipped with the program
}

// Example is one question with the answer it should get.
type Example struct {
	User      string `yaml:"user"`
	Assistant string `yaml:"assistant"`
}

// DynamicExamples are taken from a collection for each question.
type DynamicExamples struct {
	Collection string `yaml:"collection"` // empty: none
	K          int    `yaml:"k"`          // how many
}

// Wording replaces what is said about sources; what is empty stays the gateway's own.
type Wording struct {
	Grounding string `yaml:"grounding"`
	Found     string `yaml:"found"`
	Empty     string `yaml:"empty"`
	Close     string `yaml:"close"`
}

// Variant is a profile with its share of the users.
type Variant struct {
	Profile string `yaml:"profile"`
	Weight  int    `yaml:"weight"`
}

// DefaultProfileName is the profile of requests where nothing names another.
const DefaultProfileName = "default"

func defaultProfile() Profile {
	p := emptyProfile()
	p.Description = "Says what sources are and how to cite them, and nothing else."
	return p
}

// emptyProfile is what a file's keys are laid over.
func emptyProfile() Profile {
	return Profile{
		Rules: []string{}, Examples: []Example{}, Variables: []string{}, Variants: []Variant{},
		Reasoning: "none", TimeZone: "UTC", Citations: "annotations", Placement: "auto",
	}
}

//go:embed profiles/*.yaml
var shippedProfiles embed.FS

// check looks at the profile by itself; whether the variants exist is for checkVariants.
func (p Profile) check(k *checks) {
	k.that(len(p.Description) <= 200, "description", "is longer than 200 bytes")
	k.that(!hasLines(p.Description), "description", "is more than one line")
	for i, r := range p.Rules {
		k.that(!isBlank(r), item("rules", i), "is empty")
	}
	for i, e := range p.Examples {
		k.that(!isBlank(e.User), item("examples", i)+".user", "is empty")
		k.that(!isBlank(e.Assistant), item("examples", i)+".assistant", "is empty")
	}
	p.DynamicExamples.check(k)
	k.oneOf("reasoning", p.Reasoning, "none", "shown", "hidden", "native")
	if p.Reasoning == "native" {
		k.oneOf("effort", p.Effort, "low", "medium", "high")
	} else {
		k.that(p.Effort == "", "effort", "is for reasoning native; reasoning is %s", p.Reasoning)
	}
	for i, v := range p.Variables {
		k.oneOf(item("variables", i), v, "date", "locale", "user", "tenant", "groups")
		k.that(!slices.Contains(p.Variables[:i], v), item("variables", i), "%s is there already", v)
	}
	_, err := time.LoadLocation(p.TimeZone)
	k.that(err == nil && p.TimeZone != "Local" && p.TimeZone != "", "time_zone", "%q is no time zone: want one such as UTC or Europe/Zurich", p.TimeZone)
	k.oneOf("citations", p.Citations, "annotations", "links", "footnotes", "none")
	if p.OnEmpty != "" {
		k.oneOf("on_empty", p.OnEmpty, "passthrough", "instruct", "refuse")
	}
	k.oneOf("placement", p.Placement, "auto", "system", "user")
	for i, v := range p.Variants {
		k.that(v.Profile != "", item("variants", i)+".profile", "is empty: which profile is it?")
		k.between(item("variants", i)+".weight", v.Weight, 1, 1_000_000)
		again := slices.IndexFunc(p.Variants[:i], func(o Variant) bool { return o.Profile == v.Profile })
		k.that(again < 0 || v.Profile == "", item("variants", i)+".profile", "%s is variants[%d]'s already", v.Profile, again)
	}
}

func (d DynamicExamples) check(k *checks) {
	if d.Collection == "" {
		k.that(d.K == 0, "dynamic_examples.collection", "is empty, and k is set: where should examples come from?")
		return
	}
	k.that(collectionName.MatchString(d.Collection), "dynamic_examples.collection",
		"%q: want 1 to 63 of a-z, 0-9, _ and -, the first a letter or digit", d.Collection)
	k.between("dynamic_examples.k", d.K, 1, 20)
}

func item(list string, i int) string { return fmt.Sprintf("%s[%d]", list, i) }

func isBlank(s string) bool { return strings.TrimSpace(s) == "" }

func hasLines(s string) bool { return strings.Contains(strings.TrimSpace(s), "\n") }

// Print writes p as a file that would be read as p: with every key, or with the variants
// alone where there are some.
func (p Profile) Print(w io.Writer) error {
	var v any = p
	if len(p.Variants) > 0 {
		v = struct {
			Description string    `yaml:"description"`
			Variants    []Variant `yaml:"variants"`
		}{p.Description, p.Variants}
	}
	data, err := yaml.MarshalWithOptions(v, yaml.IndentSequence(true), yaml.UseLiteralStyleIfMultiline(true))
	if err == nil && !p.readsAs(data) { // the library's literals get a first line with an indent wrong
		data, err = yaml.MarshalWithOptions(v, yaml.IndentSequence(true))
	}
	if err != nil {
		return fmt.Errorf("print profile: %w", err)
	}
	_, err = w.Write(data)
	return err
}

func (p Profile) readsAs(data []byte) bool {
	read := emptyProfile()
	d := decoder{root: reflect.TypeFor[Profile]()}
	d.decode(data, reflect.ValueOf(&read).Elem(), "")
	read.File = p.File
	return len(d.problems) == 0 && reflect.DeepEqual(read, p)
}
