package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"ragway/retriever/qdrant/qdranttest"
)

// The scripts run this binary as `ragway`, in a folder of their own, without the caller's
// environment.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"ragway": func() {
			ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			os.Exit(run(ctx, os.Args[1:], stdio{os.Stdin, os.Stdout, os.Stderr}, os.Environ()))
		},
	})
}

// TestScripts gives each script $QDRANT, a server of the tests that all scripts share, and
// $MODELS, the base URL of an embedding server.
func TestScripts(t *testing.T) {
	var peer qdranttest.Server
	servers := map[string]string{"QDRANT": peer.Start(t), "MODELS": embeddingServer(t, wordVector)}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			for name, address := range servers {
				env.Setenv(name, address)
			}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exitcode": cmdExitCode,
			"await":    cmdAwait,
			"post":     cmdPost,
		},
	})
}
