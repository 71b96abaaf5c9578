package main

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"ragway/configs"
	"ragway/gateway"
)

// reloaded is a reloader of a configuration that the test writes.
func reloaded(t *testing.T) (r *reloader, next func(yaml string), set *gateway.Policy, log *strings.Builder) {
	t.Helper()
	var file string
	set, log = &gateway.Policy{}, &strings.Builder{}
	r = &reloader{
		load: func() (configs.Config, error) {
			cfg, err := configs.Load(configs.Sources{Data: []byte(file)})
			return cfg, errors.Join(err, cfg.Validate())
		},
		set:     func(p gateway.Policy) error { *set = p; return nil },
		log:     slog.New(slog.NewTextHandler(log, nil)),
		current: configs.Default(),
		good:    prometheus.NewGauge(prometheus.GaugeOpts{Name: "good"}),
		at:      prometheus.NewGauge(prometheus.GaugeOpts{Name: "at"}),
	}
	policy, err := policyOf(r.current)
	if err != nil {
		t.Fatal(err)
	}
	r.policy = policy
	next = func(yaml string) {
		file = yaml
		log.Reset()
		r.takeOver(true)
	}
	return r, next, set, log
}

func TestModelsAreTakenOverWithoutARestart(t *testing.T) {
	r, next, set, log := reloaded(t)
	next("models: {bot: {model: gpt-4o}}\nretrieval: {top_k: 3}")
	if set.Models["bot"].Model != "gpt-4o" || set.Retrieval.TopK != 3 || !strings.Contains(log.String(), "is taken over") {
		t.Errorf("policy %+v, log %s", set, log)
	}
	if testutil.ToFloat64(r.good) != 1 || testutil.ToFloat64(r.at) == 0 {
		t.Error("the metrics do not say so")
	}
}

func TestMistakesLeaveThePolicyAsItIs(t *testing.T) {
	r, next, set, log := reloaded(t)
	next("models: {bot: {model: gpt-4o}}")
	for _, mistake := range []string{"models: {bot: {model: gpt-4, mode: odd}}", "models: {bot: {model: gpt-4, filter: 'x'}}", "models: ["} {
		next(mistake)
		if set.Models["bot"].Model != "gpt-4o" || !strings.Contains(log.String(), "is not taken over") || testutil.ToFloat64(r.good) != 0 {
			t.Errorf("%s: policy %+v, log %s", mistake, set, log)
		}
	}
	next("models: {bot: {model: gpt-4o}}")
	if testutil.ToFloat64(r.good) != 1 || !strings.Contains(log.String(), "has not changed") {
		t.Errorf("mended: log %s", log)
	}
}

func TestWhatNeedsARestartIsSaid(t *testing.T) {
	_, next, set, log := reloaded(t)
	for _, change := range []string{"server: {listen: '127.0.0.1:9'}", "retrieval: {candidates: 50}"} {
		next(change + "\nmodels: {bot: {model: m}}")
		if set.Models["bot"].Model != "m" || !strings.Contains(log.String(), "needs a restart") {
			t.Errorf("%s: log %s", change, log)
		}
	}
}

func TestChangedProfilesAreTakenOver(t *testing.T) {
	dir := t.TempDir()
	write := func(text string) {
		if err := os.WriteFile(filepath.Join(dir, "bot.yaml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	_, next, set, log := reloaded(t)
	config := "profiles_dir: " + dir + "\nretrieval: {profile: bot}"
	write("instructions: One.")
	next(config)
	first := set.Profiles.Profiles["bot"].Version()
	write("instructions: Two.")
	next(config)
	if second := set.Profiles.Profiles["bot"]; second.Instructions != "Two." || second.Version() == first {
		t.Errorf("profile %+v, log %s", second, log)
	}
	write("instruction: Three.")
	next(config)
	if p := set.Profiles.Profiles["bot"]; p.Instructions != "Two." || !strings.Contains(log.String(), "is not taken over") {
		t.Errorf("with a mistake: profile %+v, log %s", p, log)
	}
}
