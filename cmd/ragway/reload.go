package main

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"reflect"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"ragway/configs"
	"ragway/gateway"
	"ragway/ingest/watch"
)

// reloading is how often files are looked at where no event says that they changed, as on
// network file systems.
const reloading = time.Minute

// reloader follows the configuration while the server runs, on SIGHUP and when its files
// change. What a running server cannot take over it leaves alone and says so.
type reloader struct {
	load    func() (configs.Config, error)
	set     func(gateway.Policy) error
	folders []string // that hold the configuration
	log     *slog.Logger
	current configs.Config
	policy  gateway.Policy // that is in use; the profiles are in it

	good prometheus.Gauge // 1 where what is on disk runs
	at   prometheus.Gauge // when it was last taken over
}

// reload starts a reloader that ends with the command.
func (a *app) reload(ctx context.Context, srv *gateway.Server, reg prometheus.Registerer, flags func(*configs.Config)) error {
	r := &reloader{
		load: func() (configs.Config, error) { return a.load(flags) }, set: srv.SetPolicy,
		log: a.log, current: a.cfg,
		good: prometheus.NewGauge(prometheus.GaugeOpts{Name: "ragway_config_last_reload_successful", Help: "1 when the configuration as it is on disk is in use, 0 when it has mistakes."}),
		at:   prometheus.NewGauge(prometheus.GaugeOpts{Name: "ragway_config_last_reload_success_timestamp_seconds", Help: "When a configuration was last taken over."}),
	}
	for _, c := range []prometheus.Collector{r.good, r.at} {
		if err := reg.Register(c); err != nil {
			return err
		}
	}
	policy, err := policyOf(a.cfg)
	if err != nil {
		return err
	}
	r.taken(a.cfg, policy)
	if file := a.configFile(); file != "" {
		r.folders = append(r.folders, filepath.Dir(file))
	}
	if a.cfg.ProfilesDir != "" {
		r.folders = append(r.folders, a.cfg.ProfilesDir)
	}
	files, err := watch.New(watch.Options{Logger: a.log})
	if err != nil {
		return err
	}
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	ctx, stop := context.WithCancel(ctx)
	changed := make(chan struct{}, 1)
	var both errgroup.Group
	both.Go(func() error { r.watch(ctx, files, changed); return nil })
	both.Go(func() error { r.follow(ctx, hup, changed); return nil })
	a.onClose(func() error {
		stop()
		signal.Stop(hup)
		_ = both.Wait() // they return nothing
		return files.Close()
	})
	return nil
}

// watch tells of every time the files may have changed.
func (r *reloader) watch(ctx context.Context, files *watch.Watcher, changed chan<- struct{}) {
	for {
		files.Follow(r.folders)
		if files.Wait(ctx, reloading) != nil {
			return
		}
		select {
		case changed <- struct{}{}:
		default: // a look is due already
		}
	}
}

func (r *reloader) follow(ctx context.Context, hup <-chan os.Signal, changed <-chan struct{}) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-hup:
			r.takeOver(true)
		case <-changed:
			r.takeOver(false)
		}
	}
}

// takeOver reads the configuration anew and gives the server what it can change, all or
// nothing. asked says that somebody waits for an answer in the log.
func (r *reloader) takeOver(asked bool) {
	next, policy, err := r.read()
	switch {
	case err != nil:
		r.refuse(err)
		return
	case reflect.DeepEqual(next, r.current) && reflect.DeepEqual(policy, r.policy):
		r.good.Set(1)
		if asked {
			r.log.Info("the configuration has not changed")
		}
		return
	}
	if err := r.set(policy); err != nil {
		r.refuse(err)
		return
	}
	if reflect.DeepEqual(fixedOf(next), fixedOf(r.current)) {
		r.log.Info("the configuration is taken over")
	} else {
		r.log.Warn("the configuration is taken over in part: what is neither in models, profiles nor retrieval needs a restart")
	}
	r.taken(next, policy)
}

// read reads all there is anew, the profiles' files too.
func (r *reloader) read() (configs.Config, gateway.Policy, error) {
	cfg, err := r.load()
	if err != nil {
		return cfg, gateway.Policy{}, err
	}
	policy, err := policyOf(cfg)
	return cfg, policy, err
}

func (r *reloader) refuse(err error) {
	r.good.Set(0)
	r.log.Error("the configuration is not taken over: the server goes on with what it has", "err", err)
}

func (r *reloader) taken(c configs.Config, p gateway.Policy) {
	r.current, r.policy = c, p
	r.good.Set(1)
	r.at.SetToCurrentTime()
}

// fixedOf is what of a configuration a running server cannot change: all but the virtual
// models and what a request may get. The engine is made with the rest of retrieval.
func fixedOf(c configs.Config) configs.Config {
	d := configs.Default()
	c.Models = d.Models
	engine := c.Retrieval
	c.Retrieval = d.Retrieval
	c.Retrieval.Candidates, c.Retrieval.Fusion, c.Retrieval.BM25, c.Retrieval.Timeouts = engine.Candidates, engine.Fusion, engine.BM25, engine.Timeouts
	return c
}
