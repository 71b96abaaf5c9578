package ingest

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"ragway/retriever"
)

const containerKind = "container"

// container is a state record by document ID: a container that was taken apart, and all of
// whose members are stored. Only those with a token have one: they are far away, and to
// look into them is to fetch them.
type container struct {
	URI     string `json:"uri"`
	Stamp   string `json:"stamp"`   // of what it was, and of how its members were made
	Members int    `json:"members"` // documents stored of it
}

// opened is a container that a plan took apart without a failure.
type opened struct {
	id, tenant string
	container
}

// loadContainers is for planning.
func (p *planner) loadContainers(ctx context.Context) error {
	records, err := p.e.o.Store.Records(ctx, p.e.o.Collection, containerKind)
	if err != nil {
		return fmt.Errorf("containers: %w", err)
	}
	p.containers = make(map[string]container, len(records))
	for _, r := range records {
		var c container
		if err := json.Unmarshal(r.Value, &c); err != nil {
			return fmt.Errorf("container %s: %w", r.Key, err)
		}
		p.containers[r.Key] = c
	}
	return nil
}

// asOpened is what the container would be known by, once its members are stored.
func (p *planner) asOpened(it Item) (opened, offer, bool) {
	if it.Token == "" {
		return opened{}, offer{}, false
	}
	o, err := p.e.offerOf(memberOf(it, Member{}, p.e.o.URLBase)) // what is said of one is said of all
	if err != nil {
		return opened{}, offer{}, false
	}
	id := retriever.DocumentID(p.e.o.Collection, o.Tenant, it.URI)
	return opened{id, o.Tenant, container{URI: it.URI, Stamp: p.stamp(it, o)}}, o, true
}

// holdsTheSame reports whether nothing of a container can have changed since its members
// were stored, and counts them as unchanged.
func (p *planner) holdsTheSame(it Item) bool {
	as, o, ok := p.asOpened(it)
	known := p.containers[as.id]
	if !ok || known.Stamp != as.Stamp || p.e.o.Checksum || p.e.o.RetryFailed {
		return false
	}
	inside := it.URI + MemberMark
	for _, f := range p.failed {
		if f.record.Tenant == o.Tenant && strings.HasPrefix(f.record.URI, inside) {
			return false
		}
	}
	var members []*knownDocument
	for _, k := range p.stored(it.URI) {
		switch {
		case k.tenant != o.Tenant:
		case k.seen, k.pipeline != o.pipeline(p.e.pipeline(k.mime, o.cutter)):
			return false
		default:
			members = append(members, k)
		}
	}
	if len(members) != known.Members {
		return false
	}
	for _, k := range members {
		k.seen = true
	}
	p.tenants[o.Tenant] = true
	p.plan.Unchanged += len(members)
	return true
}

// open notes a container that was taken apart, whose entries are those given.
func (p *planner) open(it Item, entries []*Entry) {
	as, _, ok := p.asOpened(it)
	for _, en := range entries {
		ok = ok && en.Action != Fail
	}
	if ok {
		p.plan.opened = append(p.plan.opened, as)
	}
}

// keepContainers writes those whose members are all stored.
func (r *run) keepContainers(ctx context.Context) error {
	failed := map[string]bool{}
	for _, en := range r.plan.Entries {
		if en.Action == Fail {
			failed[outermostOf(r.plan.Prefix, en.Item.URI)] = true
		}
	}
	var records []retriever.Record
	for _, o := range r.plan.opened {
		if failed[o.URI] {
			continue
		}
		o.Members = 0
		for d, err := range r.e.o.Store.Documents(ctx, r.e.o.Scope, r.e.o.Collection, o.URI+MemberMark) {
			if err != nil {
				return fmt.Errorf("containers: %w", err)
			}
			if d.Tenant == o.tenant {
				o.Members++
			}
		}
		value, err := json.Marshal(o.container)
		if err != nil {
			return fmt.Errorf("containers: %w", err)
		}
		records = append(records, retriever.Record{Collection: r.e.o.Collection, Kind: containerKind, Key: o.id, Value: value})
	}
	return r.e.putState(ctx, "containers", records)
}
