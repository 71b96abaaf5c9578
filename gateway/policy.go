package gateway

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"ragway/gateway/ground"
	"ragway/gateway/prompt"
	"ragway/retriever"
)

// Policy is what the operator decides about requests to models. It can be replaced while
// the server runs; a request keeps the one it began with.
type Policy struct {
	Retrieval Retrieval
	Models    map[string]Model // virtual models by their names
	Profiles  prompt.Library   // default: the profile default alone

	versions map[string]string // of the profiles
}

// Model is a virtual model: a name that stands for a model with documents, so that clients
// which can set nothing but a model's name get everything.
type Model struct {
	Upstream  string // that has to answer; "" for whichever serves Model
	Model     string // that is asked; "" for the same name
	Retrieval Retrieval
	Filter    *retriever.Filter // every passage fits it, whatever a request asks for
	Citations ground.Style      // "": the profile's
}

// check says what is wrong with a policy, and completes it.
func (p *Policy) check() error {
	p.Retrieval.applyDefaults()
	p.Profiles.Profiles = maps.Clone(p.Profiles.Profiles)
	if !p.Profiles.Has(defaultProfile) {
		if p.Profiles.Profiles == nil {
			p.Profiles.Profiles = map[string]prompt.Profile{}
		}
		p.Profiles.Profiles[defaultProfile] = prompt.DefaultProfile()
	}
	p.versions = make(map[string]string, len(p.Profiles.Profiles))
	for name, profile := range p.Profiles.Profiles {
		p.versions[name] = profile.Version()
	}
	models := make(map[string]Model, len(p.Models))
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(p.Models)) {
		m := p.Models[name]
		if name == "" {
			errs = append(errs, errors.New("gateway: Policy.Models: a name is empty"))
		}
		if m.Model == "" {
			m.Model = name
		}
		m.Retrieval.applyDefaults()
		models[name] = m
		if profile := m.Retrieval.Profile; profile != "" && !p.Profiles.Has(profile) {
			errs = append(errs, fmt.Errorf("gateway: Policy.Models[%q]: no profile %q", name, profile))
		}
	}
	if profile := p.Retrieval.Profile; profile != "" && !p.Profiles.Has(profile) {
		errs = append(errs, fmt.Errorf("gateway: Policy.Retrieval: no profile %q", profile))
	}
	p.Models = models
	return errors.Join(errs...)
}

// SetPolicy replaces the policy, whole or not at all.
func (s *Server) SetPolicy(p Policy) error {
	if err := p.check(); err != nil {
		return fmt.Errorf("set policy: %w", err)
	}
	s.policy.Store(&p)
	return nil
}

// ruling is what of the policy a request is under.
type ruling struct {
	retrieval Retrieval
	virtual   *Model // the virtual model asked for, nil for a plain one
}

// rule finds what a request for a model is under.
func (p *Policy) rule(model string) ruling {
	m, ok := p.Models[model]
	if !ok {
		return ruling{retrieval: p.Retrieval}
	}
	return ruling{m.Retrieval, &m}
}

// model is the name to ask an upstream for.
func (r ruling) model(asked string) string {
	if r.virtual == nil {
		return asked
	}
	return r.virtual.Model
}

// upstream is the name of the one that has to answer, "" for any.
func (r ruling) upstream() string {
	if r.virtual == nil {
		return ""
	}
	return r.virtual.Upstream
}

// profileNames are those that requests can name.
func (p *Policy) profileNames() []string {
	names := slices.Collect(maps.Keys(p.Profiles.Profiles))
	names = slices.AppendSeq(names, maps.Keys(p.Profiles.Variants))
	slices.Sort(names)
	return names
}
