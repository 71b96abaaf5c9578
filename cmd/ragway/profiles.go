package main

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"ragway/configs"
	"ragway/gateway/prompt"
)

// profiles are the prompt profiles that requests can name. Those that the configuration
// names are among them.
func (a *app) profiles() (prompt.Library, error) {
	files, err := profileFiles(a.cfg)
	return library(files), err
}

// profileFiles are the profiles as they were written.
func profileFiles(cfg configs.Config) (map[string]configs.Profile, error) {
	files, err := configs.LoadProfiles(cfg.ProfilesDir)
	if err != nil {
		return nil, err
	}
	named := map[string]string{"retrieval.profile": cfg.Retrieval.Profile}
	for model, m := range cfg.Models {
		if m.Profile != "" {
			named["models."+model+".profile"] = m.Profile
		}
	}
	var problems configs.Problems
	for _, key := range slices.Sorted(maps.Keys(named)) {
		if _, ok := files[named[key]]; !ok {
			problems = append(problems, configs.Problem{Key: key, Message: noProfile(named[key], files)})
		}
	}
	if len(problems) > 0 {
		return nil, problems
	}
	return files, nil
}

func noProfile(name string, files map[string]configs.Profile) string {
	return fmt.Sprintf("there is no profile %q%s", name, suggestion(name, slices.Sorted(maps.Keys(files))...))
}

func library(files map[string]configs.Profile) prompt.Library {
	l := prompt.Library{Profiles: map[string]prompt.Profile{}, Variants: map[string]prompt.Variants{}}
	for name, f := range files {
		if len(f.Variants) == 0 {
			l.Profiles[name] = profileOf(name, f)
			continue
		}
		for _, v := range f.Variants {
			l.Variants[name] = append(l.Variants[name], prompt.Variant{Profile: v.Profile, Weight: v.Weight})
		}
	}
	return l
}

func profileOf(name string, c configs.Profile) prompt.Profile {
	zone, err := time.LoadLocation(c.TimeZone)
	if err != nil {
		zone = time.UTC // LoadProfiles has seen it
	}
	p := prompt.Profile{
		Name: name, Instructions: c.Instructions, Voice: c.Voice, Rules: c.Rules,
		Dynamic:   prompt.Dynamic{Collection: c.DynamicExamples.Collection, K: c.DynamicExamples.K},
		Reasoning: prompt.Reasoning(c.Reasoning), Effort: prompt.Effort(c.Effort), Zone: zone,
		Citations: prompt.Citations(c.Citations), OnEmpty: c.OnEmpty, Refusal: c.Refusal, Placement: prompt.Placement(c.Placement),
		Wording: prompt.Wording{Grounding: c.Wording.Grounding, Found: c.Wording.Found, Empty: c.Wording.Empty, Close: c.Wording.Close},
	}
	for _, e := range c.Examples {
		p.Examples = append(p.Examples, prompt.Example{User: e.User, Assistant: e.Assistant})
	}
	for _, v := range c.Variables {
		p.Variables = append(p.Variables, prompt.Variable(v))
	}
	return p
}
