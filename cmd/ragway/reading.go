package main

import (
	"strings"

	"ragway/ingest"
	"ragway/retriever"
)

// reading are the flags of commands that read documents. Without them the command acts
// as the operator of the data folder and sees everything.
type reading struct {
	Tenant string   `placeholder:"T" help:"See only this tenant's documents (default: all; with --as: default)."`
	As     []string `placeholder:"user:ann" help:"See what these principals (user:NAME, group:NAME) may see."`
}

func (r reading) scope() (retriever.Scope, error) {
	if r.Tenant == "" && len(r.As) == 0 {
		return retriever.Operator(), nil
	}
	s := retriever.Scope{Tenant: r.Tenant, Collections: []string{retriever.AllCollections}}
	if s.Tenant == "" {
		s.Tenant = retriever.DefaultTenant
	}
	if len(r.As) > 0 {
		principals, err := ingest.ParseACL(r.As)
		if err != nil {
			return s, usagef("--as %s: %w", strings.Join(r.As, ","), err)
		}
		s.Principals = principals
	}
	return s, nil
}
