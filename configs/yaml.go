package configs

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// decoder lays a YAML document over a configuration and collects every problem on the
// way. The tree is walked here and not by the library's decoder because that one stops at
// the first error and prints the lines around it, where secrets may stand.
type decoder struct {
	origin   string // file name or environment variable
	secrets  secretReader
	root     reflect.Type // of the whole, for suggestions; nil: Config
	anchors  map[string]ast.Node
	places   map[string]*token.Token // where each key's value starts; nil: not kept
	problems Problems
}

// decode lays data over v, which is at key path.
func (d *decoder) decode(data []byte, v reflect.Value, path string) {
	file, err := parser.ParseBytes(data, 0)
	if err != nil {
		d.syntax(err)
		return
	}
	d.anchors = map[string]ast.Node{}
	if d.root == nil {
		d.root = reflect.TypeFor[Config]()
	}
	var bodies []ast.Node
	for _, doc := range file.Docs {
		if doc.Body != nil && doc.Body.Type() != ast.CommentType {
			bodies = append(bodies, doc.Body)
		}
	}
	switch len(bodies) {
	case 0:
	case 1:
		d.value(bodies[0], v, path)
	default:
		d.add(bodies[1], path, "a second document; there is room for one")
	}
}

func (d *decoder) syntax(err error) {
	p := Problem{Origin: d.origin, Message: "not YAML"}
	var located yaml.Error
	if errors.As(err, &located) {
		p.Message += ": " + located.GetMessage()
		if t := located.GetToken(); t != nil {
			p.Line, p.Column = t.Position.Line, t.Position.Column
		}
	}
	d.problems = append(d.problems, p)
}

func (d *decoder) add(at ast.Node, key, message string) {
	p := Problem{Origin: d.origin, Key: key, Message: message}
	if t := start(at); t != nil {
		p.Line, p.Column = t.Position.Line, t.Position.Column
	}
	d.problems = append(d.problems, p)
}

// start is the token a reader would point at; a block mapping's own is its first colon.
func start(node ast.Node) *token.Token {
	switch n := node.(type) {
	case *ast.MappingValueNode:
		return n.Key.GetToken()
	case *ast.MappingNode:
		if len(n.Values) > 0 && !n.IsFlowStyle {
			return n.Values[0].Key.GetToken()
		}
	}
	return node.GetToken()
}

// value sets v from node. A null leaves v as it is, but empties a list: collections with
// nothing after it must not come to mean every collection.
func (d *decoder) value(node ast.Node, v reflect.Value, key string) {
	written := node
	if d.places != nil {
		d.places[key] = start(written)
	}
	if node = d.plain(node); node == nil {
		d.add(written, key, "an alias to nothing")
		return
	}
	if node.Type() == ast.NullType {
		if v.Kind() == reflect.Slice {
			v.Set(reflect.MakeSlice(v.Type(), 0, 0))
		}
		return
	}
	switch t := v.Type(); {
	case t == reflect.TypeFor[Secret]():
		d.secret(node, v.Addr().Interface().(*Secret), key)
	case isSection(t):
		d.section(node, v, key)
	case t.Kind() == reflect.Slice:
		d.list(node, v, key)
	case t.Kind() == reflect.Map:
		d.table(node, v, key)
	default:
		d.scalar(node, v, key)
	}
}

// plain takes anchors, aliases and tags off a node. It is nil for an alias to nothing.
func (d *decoder) plain(node ast.Node) ast.Node {
	for range 100 { // an alias may name an alias, or what it is in
		switch n := node.(type) {
		case *ast.AnchorNode:
			d.anchors[n.Name.String()] = n.Value
			node = n.Value
		case *ast.AliasNode:
			node = d.anchors[n.Value.String()]
		case *ast.TagNode:
			node = n.Value
		default:
			return node
		}
	}
	return nil
}

func (d *decoder) section(node ast.Node, v reflect.Value, path string) {
	entries, ok := mapping(node)
	if !ok {
		d.add(node, path, "want keys and values below it")
		return
	}
	known := map[string]reflect.Value{}
	for f := range fields(v) {
		known[f.key] = f.value
	}
	for _, e := range entries {
		name := e.Key.GetToken().Value
		if target, ok := known[name]; ok {
			d.value(e.Value, target, join(path, name))
			continue
		}
		d.add(e.Key, join(path, name), unknownKey(d.root, v, name))
	}
}

func (d *decoder) list(node ast.Node, v reflect.Value, key string) {
	seq, ok := node.(*ast.SequenceNode)
	if !ok {
		d.add(node, key, "want a list, such as [a, b]")
		return
	}
	list := reflect.MakeSlice(v.Type(), len(seq.Values), len(seq.Values))
	for i, item := range seq.Values {
		list.Index(i).Set(defaultItem(v.Type().Elem()))
		d.value(item, list.Index(i), fmt.Sprintf("%s[%d]", key, i))
	}
	v.Set(list)
}

// table reads keys that the operator makes up.
func (d *decoder) table(node ast.Node, v reflect.Value, key string) {
	entries, ok := mapping(node)
	if !ok {
		d.add(node, key, "want names and what they mean below it")
		return
	}
	table := reflect.MakeMapWithSize(v.Type(), len(entries))
	for _, e := range entries {
		name := reflect.ValueOf(e.Key.GetToken().Value)
		item := reflect.New(v.Type().Elem()).Elem()
		item.Set(defaultItem(v.Type().Elem()))
		d.value(e.Value, item, join(key, name.String()))
		table.SetMapIndex(name, item)
	}
	v.Set(table)
}

// defaultItem is what an item of a list or table of sections has where it says nothing.
func defaultItem(t reflect.Type) reflect.Value {
	switch t {
	case reflect.TypeFor[Embedder]():
		return reflect.ValueOf(defaultEmbedder())
	case reflect.TypeFor[Upstream]():
		return reflect.ValueOf(defaultUpstream(""))
	}
	return reflect.Zero(t)
}

func (d *decoder) scalar(node ast.Node, v reflect.Value, key string) {
	text, ok := scalarText(node)
	if !ok {
		d.add(node, key, "want a single value")
		return
	}
	if err := setScalar(v, text); err != nil {
		d.add(node, key, err.Error())
	}
}

// secret takes {env: NAME} or {file: PATH} and nothing else.
func (d *decoder) secret(node ast.Node, s *Secret, key string) {
	entries, ok := mapping(node)
	if !ok || len(entries) != 1 {
		d.add(node, key, "a secret is not written in the configuration: use {env: NAME} or {file: PATH}"+orVariable(key))
		return
	}
	kind := entries[0].Key.GetToken().Value
	ref, ok := scalarText(d.plain(entries[0].Value))
	if !ok || ref == "" || (kind != "env" && kind != "file") {
		d.add(node, key, "want {env: NAME} or {file: PATH}")
		return
	}
	value, err := d.secrets.read(kind, ref, key)
	if err != nil {
		d.add(node, key, err.Error())
		return
	}
	*s = NewSecret(value)
}

// orVariable names the variable that sets a key; one of a list's items has none.
func orVariable(key string) string {
	if strings.Contains(key, "[") {
		return ""
	}
	return ", or " + EnvName(key)
}

// mapping returns the entries of a block or flow mapping; one entry alone is a node of
// its own type.
func mapping(node ast.Node) ([]*ast.MappingValueNode, bool) {
	switch n := node.(type) {
	case *ast.MappingNode:
		return n.Values, true
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}, true
	}
	return nil, false
}

// scalarText is the text of a scalar as it was written, quotes and folding undone.
func scalarText(node ast.Node) (string, bool) {
	switch n := node.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return strings.TrimRight(n.Value.Value, "\n"), true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, true
	}
	return "", false
}
