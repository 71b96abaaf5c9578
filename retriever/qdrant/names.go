package qdrant

import (
	"strings"

	"github.com/google/uuid"
	api "github.com/qdrant/go-client/qdrant"

	"ragway/retriever"
)

// names spells what Qdrant calls our collections. A "." cannot occur in a collection's
// name, so that nothing built with one meets an alias.
type names struct{ prefix string }

// state is the collection of state records and leases.
func (n names) state() string { return n.prefix + "state" }

// alias is what a ragway collection is reached by.
func (n names) alias(collection string) string {
	if collection == "state" {
		return n.state() + ".collection"
	}
	return n.prefix + collection
}

// collection is the inverse of alias; false for names of others.
func (n names) collection(alias string) (string, bool) {
	name, ok := strings.CutPrefix(alias, n.prefix)
	if name == "state.collection" {
		name = "state"
	}
	return name, ok && n.alias(name) == alias && retriever.CheckCollectionName(name) == nil
}

// physical is the Qdrant collection that is made for the alias at first.
func (n names) physical(collection string, f retriever.Fingerprint) string {
	return n.alias(collection) + "." + f.Key()
}

// isPhysical reports whether the Qdrant collection was made for the collection, for its
// alias or for the one of a staged collection.
func (n names) isPhysical(collection, qdrant string) bool {
	key, ok := strings.CutPrefix(qdrant, n.alias(collection)+".")
	key, _, _ = strings.Cut(key, ".")
	return ok && len(key) == len(retriever.Fingerprint{}.Key())
}

// pointNamespace is of the ids of points that are neither chunks nor documents; a fixed
// random UUID.
var pointNamespace = uuid.MustParse("3b0d6f0e-6c0c-4d0f-8e55-5d1e4b7a9c02")

func pointID(parts ...string) *api.PointId {
	return api.NewID(uuid.NewSHA1(pointNamespace, []byte(strings.Join(parts, "\x00"))).String())
}

// isID reports whether id is a UUID in the one spelling that ragway gives out. The server
// takes others for the same point and refuses what is none.
func isID(id string) bool {
	u, err := uuid.Parse(id)
	return err == nil && u.String() == id
}

func pointIDs(ids []string) []*api.PointId {
	out := make([]*api.PointId, 0, len(ids))
	for _, id := range ids {
		out = append(out, api.NewID(id))
	}
	return out
}
