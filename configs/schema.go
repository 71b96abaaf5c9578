package configs

import (
	"iter"
	"reflect"
	"strings"
)

// field is one key of a section.
type field struct {
	key   string
	value reflect.Value // addressable
}

// fields yields the keys of a section in the order of the struct.
func fields(section reflect.Value) iter.Seq[field] {
	return func(yield func(field) bool) {
		for i := range section.NumField() {
			key, _, _ := strings.Cut(section.Type().Field(i).Tag.Get("yaml"), ",")
			if key == "-" {
				continue
			}
			if !yield(field{key, section.Field(i)}) {
				return
			}
		}
	}
}

// isSection reports whether a key of type t holds further keys, rather than a value.
func isSection(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && t != reflect.TypeFor[Secret]() && t != reflect.TypeFor[Alpha]()
}

// walk yields every key below section with its path: sections before what is in them.
func walk(section reflect.Value, path string) iter.Seq2[string, reflect.Value] {
	return func(yield func(string, reflect.Value) bool) {
		for f := range fields(section) {
			key := join(path, f.key)
			if !yield(key, f.value) {
				return
			}
			if !isSection(f.value.Type()) {
				continue
			}
			for k, v := range walk(f.value, key) {
				if !yield(k, v) {
					return
				}
			}
		}
	}
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// unknownKey says that there is no such key and which one was probably meant: a near
// spelling in the same section, else the same name in another one of root.
func unknownKey(root reflect.Type, section reflect.Value, key string) string {
	var siblings []string
	for f := range fields(section) {
		siblings = append(siblings, f.key)
	}
	if near := Nearest(key, siblings); near != "" {
		return "unknown key; did you mean " + near + "?"
	}
	for path := range walk(reflect.New(root).Elem(), "") {
		if strings.HasSuffix("."+path, "."+key) {
			return "unknown key; did you mean " + path + "?"
		}
	}
	return "unknown key"
}
