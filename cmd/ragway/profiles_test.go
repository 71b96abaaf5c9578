package main

import (
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ragway/configs"
	"ragway/gateway/prompt"
)

func TestShippedDefaultIsThePromptsDefault(t *testing.T) {
	files, err := configs.LoadProfiles("")
	if err != nil {
		t.Fatal(err)
	}
	l := library(files)
	if got, want := l.Profiles[configs.DefaultProfileName].Version(), prompt.DefaultProfile().Version(); got != want {
		t.Errorf("version %s, want %s", got, want)
	}
	seen := map[string]string{}
	for name, p := range l.Profiles {
		if other, taken := seen[p.Version()]; taken {
			t.Errorf("%s and %s have one version", name, other)
		}
		seen[p.Version()] = name
	}
}

func TestProfilesAreCarriedOverWhole(t *testing.T) {
	c := configs.Profile{
		Instructions: "i", Voice: "v", Rules: []string{"r"}, Examples: []configs.Example{{User: "u", Assistant: "a"}},
		DynamicExamples: configs.DynamicExamples{Collection: "c", K: 2}, Reasoning: "native", Effort: "low",
		Variables: []string{"date"}, TimeZone: "Europe/Zurich", Citations: "links", OnEmpty: "refuse", Refusal: "no",
		Placement: "user", Wording: configs.Wording{Grounding: "g", Found: "f", Empty: "e", Close: "c"},
	}
	got := profileOf("name", c)
	if s := got.Zone.String(); s != "Europe/Zurich" {
		t.Errorf("zone %s", s)
	}
	got.Zone = nil
	want := prompt.Profile{
		Name: "name", Instructions: "i", Voice: "v", Rules: []string{"r"}, Examples: []prompt.Example{{User: "u", Assistant: "a"}},
		Dynamic: prompt.Dynamic{Collection: "c", K: 2}, Reasoning: prompt.NativeReasoning, Effort: prompt.LowEffort,
		Variables: []prompt.Variable{prompt.DateVariable}, Citations: prompt.Links, OnEmpty: "refuse", Refusal: "no",
		Placement: prompt.UserPlacement, Wording: prompt.Wording{Grounding: "g", Found: "f", Empty: "e", Close: "c"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	want.Zone = time.UTC
	for i, v := 0, reflect.ValueOf(want); i < v.NumField(); i++ {
		if v.Field(i).IsZero() {
			t.Errorf("%s is not tested", v.Type().Field(i).Name)
		}
	}
}
