package main

import (
	"fmt"
	"maps"
	"slices"

	"ragway/configs"
	"ragway/gateway"
	"ragway/gateway/ground"
	"ragway/retriever"
)

// policyOf is what the configuration says about requests to models.
func policyOf(cfg configs.Config) (gateway.Policy, error) {
	p := gateway.Policy{Retrieval: retrievalOf(cfg.Retrieval), Models: map[string]gateway.Model{}}
	files, err := profileFiles(cfg)
	if err != nil {
		return p, err
	}
	p.Profiles = library(files)
	for _, name := range slices.Sorted(maps.Keys(cfg.Models)) {
		model, err := modelOf(cfg.Models[name], p.Retrieval)
		if err != nil {
			return p, usagef("models.%s.%v", name, err)
		}
		p.Models[name] = model
	}
	p.Retrieval.OnlyAsked = cfg.Retrieval.Enrich != "all"
	return p, nil
}

func retrievalOf(r configs.Retrieval) gateway.Retrieval {
	return gateway.Retrieval{
		Profile: r.Profile, OnlyAsked: r.Enrich == "none", Collections: r.Collections, Mode: retriever.Mode(r.Mode), TopK: r.TopK, TokenBudget: r.TokenBudget,
		MinScore: r.MinScore, PerDocument: r.PerDocument, Neighbours: r.Neighbours, Diversity: r.Diversity, Recency: recencyOf(r.Recency),
		OnEmpty: gateway.OnEmpty(r.OnEmpty), OnError: gateway.OnError(r.OnError),
		MaxTopK: r.MaxTopK, MaxTokenBudget: r.MaxTokenBudget,
	}
}

// modelOf is a virtual model: what it says, over what is so for every request. Whoever asks
// for it asks for the documents, so finding nothing is said, unless another policy is set.
func modelOf(m configs.Model, r gateway.Retrieval) (gateway.Model, error) {
	if r.OnEmpty == gateway.PassThrough {
		r.OnEmpty = gateway.Instruct
	}
	if len(m.Collections) > 0 {
		r.Collections = m.Collections
	}
	setIf(&r.Profile, m.Profile)
	setIf(&r.Mode, retriever.Mode(m.Mode))
	setIf(&r.TopK, m.TopK)
	setIf(&r.TokenBudget, m.TokenBudget)
	setIf(&r.OnEmpty, gateway.OnEmpty(m.OnEmpty))
	setIf(&r.OnError, gateway.OnError(m.OnError))
	if m.MinScore != nil {
		r.MinScore = *m.MinScore
	}
	out := gateway.Model{Upstream: m.Upstream, Model: m.Model, Retrieval: r, Citations: ground.Style(m.Citations)}
	if m.Filter != "" {
		filter, err := retriever.ParseFilter([]byte(m.Filter))
		if err != nil {
			return out, fmt.Errorf("filter: %w", err)
		}
		out.Filter = filter
	}
	return out, nil
}
