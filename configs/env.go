package configs

import (
	"reflect"
	"slices"
	"strings"
)

// EnvPrefix starts the name of every variable that sets a key.
const EnvPrefix = "RAGWAY_"

// EnvName is the variable that sets the key at path.
func EnvName(path string) string {
	return EnvPrefix + strings.ToUpper(strings.ReplaceAll(path, ".", "_"))
}

// isYAML reports whether a value is too much for one word: a table, or a list of sections.
func isYAML(t reflect.Type) bool {
	return t.Kind() == reflect.Map || t.Kind() == reflect.Slice && isSection(t.Elem())
}

// overlayEnv sets every key whose variable is not empty. A list of words is a,b,c; a table
// or a list of sections is YAML, and JSON is YAML.
func overlayEnv(root reflect.Value, secrets secretReader) Problems {
	var problems Problems
	for path, v := range walk(root, "") {
		name := EnvName(path)
		text := secrets.getenv(name)
		if text == "" || isSection(v.Type()) {
			continue
		}
		switch {
		case v.Type() == reflect.TypeFor[Secret]():
			v.Set(reflect.ValueOf(NewSecret(text)))
		case isYAML(v.Type()):
			d := decoder{origin: name, secrets: secrets}
			d.decode([]byte(text), v, path)
			problems = append(problems, d.problems...)
		default:
			if err := setScalar(v, text); err != nil {
				problems = append(problems, Problem{Origin: name, Key: path, Message: err.Error()})
			}
		}
	}
	return problems
}

// UnknownEnv describes the variables in environ (NAME=value) that start like ours and set
// nothing, one line each. They cannot be errors: Kubernetes sets RAGWAY_PORT and the like
// for a service called ragway.
func UnknownEnv(environ []string) []string {
	known := []string{APIKeyVariable, FileVariable}
	for path, v := range walk(reflect.ValueOf(new(Config)).Elem(), "") {
		if !isSection(v.Type()) {
			known = append(known, EnvName(path))
		}
	}
	var out []string
	for _, entry := range environ {
		name, _, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(name, EnvPrefix) || strings.HasPrefix(name, EnvPrefix+"TEST_") || slices.Contains(known, name) {
			continue
		}
		if near := Nearest(name, known); near != "" {
			out = append(out, name+" sets nothing; did you mean "+near+"?")
		}
	}
	return out
}
