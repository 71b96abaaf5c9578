package main

import "fmt"

type configCmd struct {
	Check configCheckCmd `cmd:"" help:"Exit 0 when the configuration is sound, 2 with every mistake otherwise."`
	Print configPrintCmd `cmd:"" help:"Print the effective configuration; secrets show as <secret>."`
}

type configCheckCmd struct{}

func (c *configCheckCmd) Run(a *app) error {
	if err := a.configure(); err != nil {
		return err
	}
	if !a.Quiet {
		fmt.Fprintln(a.out, "configuration ok")
	}
	return nil
}

type configPrintCmd struct{}

func (c *configPrintCmd) Run(a *app) error {
	if err := a.configure(); err != nil {
		return err
	}
	return a.cfg.Print(a.out)
}
