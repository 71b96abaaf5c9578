package gateway

import (
	"encoding/json"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/google/go-cmp/cmp"
)

// apiDocument is as much of the document as is checked.
type apiDocument struct {
	OpenAPI    string
	Paths      map[string]map[string]apiOperation
	Components struct {
		Schemas   map[string]apiSchema
		Responses map[string]any
	}
}

type apiOperation struct {
	Summary    string
	Parameters []struct{ Name, In string }
	Responses  map[string]any
}

type apiSchema struct {
	Properties map[string]json.RawMessage
	OneOf      []apiSchema
}

func readAPI(t *testing.T) apiDocument {
	t.Helper()
	var doc apiDocument
	if err := json.Unmarshal(openAPI, &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

// everyRoute is of a server with everything switched on.
func everyRoute() gin.RoutesInfo {
	s := &Server{opt: Options{MCP: http.NotFoundHandler(), UI: http.NotFoundHandler()}}
	s.opt.applyDefaults()
	return s.routes().Routes()
}

var routeParam = regexp.MustCompile(`[:*]([a-z]+)`)

func TestOpenAPIHasEveryRouteAndNoOther(t *testing.T) {
	var want, got []string
	for _, r := range everyRoute() {
		if r.Path != "/" && r.Path != "/ui/*file" { // pages for people
			want = append(want, strings.ToLower(r.Method)+" "+routeParam.ReplaceAllString(r.Path, "{$1}"))
		}
	}
	for path, operations := range readAPI(t).Paths {
		for method := range operations {
			got = append(got, method+" "+path)
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-routes +document):\n%s", diff)
	}
}

func TestOpenAPINamesEveryParameterOfAPath(t *testing.T) {
	for path, operations := range readAPI(t).Paths {
		var want []string
		for _, m := range regexp.MustCompile(`\{([a-z]+)\}`).FindAllStringSubmatch(path, -1) {
			want = append(want, m[1])
		}
		for method, op := range operations {
			var got []string
			for _, p := range op.Parameters {
				if p.In == "path" {
					got = append(got, p.Name)
				}
			}
			slices.Sort(want)
			slices.Sort(got)
			if !slices.Equal(want, got) || op.Summary == "" || len(op.Responses) == 0 {
				t.Errorf("%s %s: parameters %v, want %v; summary %q", method, path, got, want, op.Summary)
			}
		}
	}
}

func TestOpenAPIReferencesAreThere(t *testing.T) {
	doc := readAPI(t)
	for _, m := range regexp.MustCompile(`"\$ref":\s*"#/components/(\w+)/(\w+)"`).FindAllStringSubmatch(string(openAPI), -1) {
		_, schema := doc.Components.Schemas[m[2]]
		_, response := doc.Components.Responses[m[2]]
		if m[1] == "schemas" && !schema || m[1] == "responses" && !response {
			t.Errorf("nothing is at %s", m[0])
		}
	}
}

// The schemas have the fields that the types have.
func TestOpenAPISchemasAreThoseOfTheTypes(t *testing.T) {
	schemas := readAPI(t).Components.Schemas
	for name, v := range map[string]any{
		"Rag": ragObject{}, "Source": Source{}, "SearchPage": searchPage{}, "File": fileJSON{}, "Deleted": deletedJSON{},
		"RerankAnswer": rerankAnswer{}, "DifyAnswer": difyAnswer{}, "SearchRequest": searchRequest{}, "DifyRequest": difyRequest{},
	} {
		if diff := cmp.Diff(fieldsOf(reflect.TypeOf(v)), keysOf(schemas[name].Properties)); diff != "" {
			t.Errorf("%s (-type +document):\n%s", name, diff)
		}
	}
	control := keysOf(schemas["RagControl"].OneOf[1].Properties)
	want := slices.Clone(controlKeys)
	slices.Sort(want)
	if diff := cmp.Diff(want, control); diff != "" {
		t.Errorf("RagControl (-keys +document):\n%s", diff)
	}
}

func fieldsOf(t reflect.Type) []string {
	var out []string
	for i := range t.NumField() {
		if name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ","); name != "" && name != "-" {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

func keysOf[V any](m map[string]V) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
