package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"ragway/retriever"
)

type promptRenderCmd struct {
	Request  string `arg:"" optional:"" help:"File with the body of a request; - for standard input."`
	Question string `placeholder:"Q" help:"Make a request of this question, instead of reading one."`
	Path     string `default:"/v1/chat/completions" placeholder:"PATH" help:"Route of the gateway that the request is for (default: ${default})."`
	chatting
}

func (c *promptRenderCmd) Run(ctx context.Context, a *app) error {
	body, err := c.body(a)
	if err != nil {
		return err
	}
	control := c.control()
	control["dry_run"] = true
	if body, err = withControl(body, control); err != nil {
		return usagef("%s: %w", c.source(), err)
	}
	client, err := c.client(ctx, a, c.Request == "")
	if err != nil {
		return err
	}
	answer, raw, err := client.dryRun(ctx, c.Path, body)
	if err != nil {
		return err
	}
	if a.JSON {
		return printJSON(a.out, json.RawMessage(raw))
	}
	if !a.Quiet {
		answer.remark(a.err)
	}
	_, err = io.WriteString(a.out, *answer.Request)
	return err
}

// body is the request before anything is done to it.
func (c *promptRenderCmd) body(a *app) ([]byte, error) {
	switch {
	case (c.Request == "") == (c.Question == ""):
		return nil, usagef("want a file with a request, - for standard input, or --question")
	case c.Request != "" && c.Model != "":
		return nil, usagef("--model goes with --question; a request names its own")
	case !strings.HasPrefix(c.Path, "/"):
		return nil, usagef("--path %q: want one such as /v1/chat/completions", c.Path)
	case c.Request == "-":
		return io.ReadAll(a.in)
	case c.Request != "":
		data, err := os.ReadFile(c.Request)
		if errors.Is(err, os.ErrNotExist) {
			return nil, usagef("%s: no such file", c.Request)
		}
		return data, err
	}
	type message struct {
		Role    string `json:"role"`
		Content string `json:"content"`
	}
	return json.Marshal(struct {
		Model    string    `json:"model"`
		Messages []message `json:"messages"`
	}{c.model(), []message{{"user", c.Question}}})
}

// source names the request in messages.
func (c *promptRenderCmd) source() string {
	if c.Request == "-" {
		return "standard input"
	}
	return c.Request
}

// dryAnswer is what a dry run tells.
type dryAnswer struct {
	Request *string `json:"request"`
	Rag     struct {
		Sources  []chatSource            `json:"sources"`
		Degraded []retriever.Degradation `json:"degraded"`
		Usage    struct {
			ContextTokens int `json:"context_tokens"`
		} `json:"usage"`
	} `json:"rag"`
}

func (c client) dryRun(ctx context.Context, path string, body []byte) (answer dryAnswer, raw []byte, err error) {
	resp, err := c.send(ctx, path, body)
	if err != nil {
		return answer, nil, err
	}
	defer resp.Body.Close()
	if raw, err = io.ReadAll(resp.Body); err != nil {
		return answer, nil, fmt.Errorf("read the answer: %w", err)
	}
	if err := json.Unmarshal(raw, &answer); err != nil || answer.Request == nil {
		return answer, raw, errors.New("the answer is not that of a dry run; is --path a route for requests to a model?")
	}
	return answer, raw, nil
}

// remark says beside the request what it does not say itself.
func (d dryAnswer) remark(w io.Writer) {
	for _, lost := range d.Rag.Degraded {
		fmt.Fprintf(w, "degraded: %s\n", degradedLine(lost))
	}
	fmt.Fprintf(w, "%s, %d tokens of context\n", plural(len(d.Rag.Sources), "source"), d.Rag.Usage.ContextTokens)
}

// withControl returns a request's body with these members of its "rag" object set. The
// gateway takes that member out whole, so every byte beside it has to stay: a new one goes
// right before the first member, with whose name the gateway ends its cut.
func withControl(body []byte, set map[string]any) ([]byte, error) {
	control, first, err := findControl(body)
	if err != nil {
		return nil, err
	}
	if control == nil {
		value, err := json.Marshal(set)
		return slices.Concat(body[:first], []byte(`"rag":`), value, []byte(","), body[first:]), err
	}
	merged := map[string]any{}
	var asked map[string]json.RawMessage // so that numbers stay as they are written
	if err := json.Unmarshal(control.value, &asked); err != nil {
		return nil, fmt.Errorf(`want an object under "rag": with %s there is nothing to render`, control.value)
	}
	for name, v := range asked {
		merged[name] = v
	}
	maps.Copy(merged, set)
	value, err := json.Marshal(merged)
	return slices.Concat(body[:control.start], value, body[control.end:]), err
}

// member is the value of one in a body.
type member struct {
	value      json.RawMessage
	start, end int
}

// findControl finds the value of "rag", nil when there is none, and where the first
// member's name starts.
func findControl(body []byte) (control *member, first int, err error) {
	dec := json.NewDecoder(bytes.NewReader(body))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil, 0, errors.New("not a JSON object")
	}
	first = int(dec.InputOffset())
	first += len(body[first:]) - len(bytes.TrimLeft(body[first:], " \t\r\n"))
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return nil, 0, fmt.Errorf("not JSON: %w", err)
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return nil, 0, fmt.Errorf("not JSON: %w", err)
		}
		if end := int(dec.InputOffset()); name == "rag" && control == nil {
			control = &member{value, end - len(value), end}
		}
	}
	if _, err := dec.Token(); err != nil {
		return nil, 0, fmt.Errorf("not JSON: %w", err)
	}
	return control, first, nil
}
