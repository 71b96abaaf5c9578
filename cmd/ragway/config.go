package main

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/goccy/go-yaml"
)

type configCmd struct {
	Check configCheckCmd `cmd:"" help:"Exit 0 when the configuration is sound, 2 with every mistake otherwise."`
	Print configPrintCmd `cmd:"" help:"Print the effective configuration; secrets show as <secret>."`
}

type configCheckCmd struct{}

func (c *configCheckCmd) Run(a *app) error {
	if err := a.configure(); err != nil {
		return err
	}
	if _, err := a.profiles(); err != nil {
		return err
	}
	switch {
	case a.JSON:
		return printJSON(a.out, map[string]bool{"ok": true})
	case !a.Quiet:
		fmt.Fprintln(a.out, "configuration ok")
	}
	return nil
}

type configPrintCmd struct{}

func (c *configPrintCmd) Run(a *app) error {
	if err := a.configure(); err != nil {
		return err
	}
	if !a.JSON {
		return a.cfg.Print(a.out)
	}
	var text bytes.Buffer
	if err := a.cfg.Print(&text); err != nil {
		return err
	}
	data, err := yaml.YAMLToJSON(text.Bytes())
	if err != nil {
		return err
	}
	return printJSON(a.out, json.RawMessage(data))
}
