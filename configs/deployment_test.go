package configs

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// metricTypes is every metric that ragway serve exposes, with its type: the contract of
// dashboards and alerts.
var metricTypes = map[string]string{
	"ragway_http_requests_total":                          "counter",
	"ragway_http_request_duration_seconds":                "histogram",
	"ragway_stage_duration_seconds":                       "histogram",
	"ragway_stage_errors_total":                           "counter",
	"ragway_degraded_total":                               "counter",
	"ragway_upstream_requests_total":                      "counter",
	"ragway_streams_aborted_total":                        "counter",
	"ragway_retrieval_hits":                               "histogram",
	"ragway_retrieval_empty_total":                        "counter",
	"ragway_retrieval_top_score":                          "histogram",
	"ragway_context_tokens":                               "histogram",
	"ragway_citations_total":                              "counter",
	"ragway_answers_total":                                "counter",
	"ragway_embed_tokens_total":                           "counter",
	"ragway_rewrite_tokens_total":                         "counter",
	"ragway_collection_documents":                         "gauge",
	"ragway_collection_chunks":                            "gauge",
	"ragway_collection_last_ingest_timestamp_seconds":     "gauge",
	"ragway_index_recall_estimate":                        "gauge",
	"ragway_ingest_documents_total":                       "counter",
	"ragway_ingest_chunks_total":                          "counter",
	"ragway_ingest_failures_total":                        "counter",
	"ragway_upload_files":                                 "gauge",
	"ragway_upload_bytes":                                 "gauge",
	"ragway_upload_limit_bytes":                           "gauge",
	"ragway_upload_collections_waiting":                   "gauge",
	"ragway_mcp_calls_total":                              "counter",
	"ragway_upstream_up":                                  "gauge",
	"ragway_upstream_running":                             "gauge",
	"ragway_upstream_queue":                               "gauge",
	"ragway_upstream_fallbacks_total":                     "counter",
	"ragway_profile_requests_total":                       "counter",
	"ragway_config_last_reload_successful":                "gauge",
	"ragway_config_last_reload_success_timestamp_seconds": "gauge",
	"ragway_build_info":                                   "gauge",
	"gen_ai_client_token_usage":                           "histogram",
	"gen_ai_server_time_to_first_token_seconds":           "histogram",
}

var metricName = regexp.MustCompile(`\b(?:ragway|gen_ai)_[a-z0-9_]+`)

// checkMetrics fails for each name in a PromQL expression that is no series of
// metricTypes, and for a bucket, sum or count of something that has none.
func checkMetrics(t *testing.T, where, expr string) {
	t.Helper()
	withoutLabels := regexp.MustCompile(`\b(by|without) \([^)]*\)|\{[^}]*\}`).ReplaceAllString(expr, "")
	for _, series := range metricName.FindAllString(withoutLabels, -1) {
		if kind, ok := metricTypes[series]; ok && kind != "histogram" {
			continue
		}
		base := series
		for _, suffix := range []string{"_bucket", "_sum", "_count"} {
			base = strings.TrimSuffix(base, suffix)
		}
		if base == series || metricTypes[base] != "histogram" {
			t.Errorf("%s: no such series: %s", where, series)
		}
	}
}

func TestDashboardShowsOnlySeriesThatExist(t *testing.T) {
	var board struct {
		UID    string `json:"uid"`
		Panels []struct {
			ID         int    `json:"id"`
			Type       string `json:"type"`
			Title      string `json:"title"`
			Datasource struct {
				UID string `json:"uid"`
			} `json:"datasource"`
			Targets []struct {
				Expr string `json:"expr"`
			} `json:"targets"`
		} `json:"panels"`
	}
	readJSON(t, "grafana/dashboards/ragway.json", &board)
	var source struct {
		Datasources []struct {
			UID string `yaml:"uid"`
		} `yaml:"datasources"`
	}
	readYAML(t, "grafana/provisioning/datasources/prometheus.yaml", &source)

	ids := map[int]bool{}
	for _, p := range board.Panels {
		if ids[p.ID] {
			t.Errorf("panel %q has the id of another, %d", p.Title, p.ID)
		}
		ids[p.ID] = true
		if p.Type == "row" {
			continue
		}
		if p.Datasource.UID != source.Datasources[0].UID {
			t.Errorf("panel %q reads %q, provisioned is %q", p.Title, p.Datasource.UID, source.Datasources[0].UID)
		}
		if len(p.Targets) == 0 {
			t.Errorf("panel %q shows nothing", p.Title)
		}
		for _, target := range p.Targets {
			checkMetrics(t, p.Title, target.Expr)
		}
	}
	if len(ids) < 10 {
		t.Errorf("only %d panels were read", len(ids))
	}
}

func TestAlertsAreOverSeriesThatExistAndExplainThemselves(t *testing.T) {
	var file struct {
		Groups []struct {
			Name  string `yaml:"name"`
			Rules []struct {
				Alert       string            `yaml:"alert"`
				Expr        string            `yaml:"expr"`
				For         string            `yaml:"for"`
				Labels      map[string]string `yaml:"labels"`
				Annotations map[string]string `yaml:"annotations"`
			} `yaml:"rules"`
		} `yaml:"groups"`
	}
	readYAML(t, "prometheus/alerts.yaml", &file)
	seen := map[string]bool{}
	for _, g := range file.Groups {
		for _, r := range g.Rules {
			if seen[r.Alert] {
				t.Errorf("%s is there twice", r.Alert)
			}
			seen[r.Alert] = true
			checkMetrics(t, r.Alert, r.Expr)
			if r.Labels["severity"] == "" || r.Annotations["summary"] == "" || r.Annotations["description"] == "" {
				t.Errorf("%s lacks a severity, a summary or a description", r.Alert)
			}
		}
	}
	if len(seen) == 0 {
		t.Error("no alerts were read")
	}
}

func TestPrometheusScrapesRagwayAndReadsTheAlerts(t *testing.T) {
	var file struct {
		Global        map[string]string `yaml:"global"`
		RuleFiles     []string          `yaml:"rule_files"`
		ScrapeConfigs []struct {
			Job     string `yaml:"job_name"`
			Path    string `yaml:"metrics_path"`
			Targets []struct {
				Targets []string `yaml:"targets"`
			} `yaml:"static_configs"`
		} `yaml:"scrape_configs"`
	}
	readYAML(t, "prometheus/prometheus.yaml", &file)
	for _, rule := range file.RuleFiles {
		if _, err := os.Stat(filepath.Join("prometheus", rule)); err != nil {
			t.Errorf("rule file: %v", err)
		}
	}
	if len(file.ScrapeConfigs) != 1 || file.ScrapeConfigs[0].Path != "/metrics" {
		t.Fatalf("got %+v, want one job on /metrics", file.ScrapeConfigs)
	}
	if got := file.ScrapeConfigs[0].Targets[0].Targets; !slices.Equal(got, []string{"ragway:8080"}) {
		t.Errorf("scrapes %v, want the service of compose.yaml", got)
	}
}

// compose has the part of the Compose specification that compose.yaml uses; anything else
// in the file fails the strict decoding, so a misspelt key does too.
type compose struct {
	Name     string             `yaml:"name"`
	Services map[string]service `yaml:"services"`
	Volumes  map[string]any     `yaml:"volumes"`
}

type service struct {
	Build struct {
		Context string            `yaml:"context"`
		Args    map[string]string `yaml:"args"`
	} `yaml:"build"`
	Image           string            `yaml:"image"`
	Restart         string            `yaml:"restart"`
	DependsOn       any               `yaml:"depends_on"`
	Command         []string          `yaml:"command"`
	Environment     map[string]string `yaml:"environment"`
	Ports           []string          `yaml:"ports"`
	Volumes         []string          `yaml:"volumes"`
	ReadOnly        bool              `yaml:"read_only"`
	Tmpfs           []string          `yaml:"tmpfs"`
	CapDrop         []string          `yaml:"cap_drop"`
	SecurityOpt     []string          `yaml:"security_opt"`
	StopGracePeriod string            `yaml:"stop_grace_period"`
	Healthcheck     struct {
		Test     []string `yaml:"test"`
		Interval string   `yaml:"interval"`
		Timeout  string   `yaml:"timeout"`
		Retries  int      `yaml:"retries"`
	} `yaml:"healthcheck"`
}

func TestComposeIsClosedToTheOutsideAndKeepsItsData(t *testing.T) {
	var c compose
	readYAML(t, "compose.yaml", &c, yaml.Strict())
	want := []string{"grafana", "prometheus", "qdrant", "ragway"}
	if got := slices.Sorted(maps.Keys(c.Services)); !slices.Equal(got, want) {
		t.Fatalf("services %v, want %v", got, want)
	}
	for name, s := range c.Services {
		if !strings.Contains(s.Image, ":") || strings.HasSuffix(s.Image, ":latest") {
			t.Errorf("%s: image %q has no fixed version", name, s.Image)
		}
		for _, p := range s.Ports {
			if !strings.HasPrefix(p, "127.0.0.1:") {
				t.Errorf("%s: port %s is open to other machines", name, p)
			}
		}
		named := 0
		for _, v := range s.Volumes {
			source, _, _ := strings.Cut(v, ":")
			if _, ok := c.Volumes[source]; ok {
				named++
				continue
			}
			if _, err := os.Stat(source); err != nil {
				t.Errorf("%s mounts %s, which is neither a named volume nor here", name, source)
			}
		}
		if named != 1 {
			t.Errorf("%s keeps its data on %d named volumes, want 1", name, named)
		}
	}
	for _, v := range []string{c.Services["ragway"].Environment["RAGWAY_API_KEY"], c.Services["grafana"].Environment["GF_SECURITY_ADMIN_PASSWORD"]} {
		if !strings.Contains(v, ":?") {
			t.Errorf("credential %q has a default: it must be demanded", v)
		}
	}
}

func TestComposeConfiguresWhatRagwayReads(t *testing.T) {
	var c compose
	readYAML(t, "compose.yaml", &c, yaml.Strict())
	env := c.Services["ragway"].Environment
	var environ []string
	for name, value := range env {
		environ = append(environ, name+"="+value)
	}
	if complaints := UnknownEnv(environ); complaints != nil {
		t.Error(complaints)
	}
	got, err := Load(Sources{Getenv: lookup(env)})
	if err == nil {
		err = got.Validate()
	}
	// Compose leaves ${…} in these here; at run time they are set or empty.
	if err != nil && !strings.HasPrefix(err.Error(), "upstream.base_url:") {
		t.Error(err)
	}
	if got.Store.Kind != "qdrant" || got.Store.Qdrant.Addresses[0] != "qdrant:6334" {
		t.Errorf("store %+v is not the Qdrant of this file", got.Store)
	}
}

func TestDockerfileMakesASmallUnprivilegedImage(t *testing.T) {
	data, err := os.ReadFile("../Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	_, final, ok := strings.Cut(string(data), "FROM scratch\n")
	if !ok {
		t.Fatal("the final stage is not scratch")
	}
	for _, line := range []string{
		"USER 65532:65532", "VOLUME /data", "RAGWAY_DATA_DIR=/data", `CMD ["serve", "--listen", "0.0.0.0:8080"]`,
		"/etc/ssl/certs/ca-certificates.crt", `CMD ["/ragway", "healthcheck"]`, `ENTRYPOINT ["/ragway"]`,
	} {
		if !strings.Contains(final, line) {
			t.Errorf("the final stage lacks %s", line)
		}
	}
	if !strings.Contains(string(data), "CGO_ENABLED=0") {
		t.Error("the binary is not static")
	}
	if strings.Contains(string(data), APIKeyVariable+"=") {
		t.Error("a key is built into the image")
	}
}

func TestEveryDeploymentFileIsWellFormed(t *testing.T) {
	for _, root := range []string{"grafana", "prometheus"} {
		err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			var anything any
			switch filepath.Ext(path) {
			case ".yaml":
				readYAML(t, path, &anything)
			case ".json":
				readJSON(t, path, &anything)
			default:
				return fmt.Errorf("%s: nothing checks this type", path)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
}

func readYAML(t *testing.T, path string, into any, opts ...yaml.DecodeOption) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err == nil {
		err = yaml.UnmarshalWithOptions(data, into, opts...)
	}
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

func readJSON(t *testing.T, path string, into any) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(data, into)
	}
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

func TestManualListsOnlyMetricsThatExist(t *testing.T) {
	data, err := os.ReadFile("../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	// A line of the table starts with the metric's name.
	rows := regexp.MustCompile("(?m)^\\| `((?:ragway|gen_ai)_[a-z_]+)").FindAllStringSubmatch(string(data), -1)
	if len(rows) == 0 {
		t.Fatal("no metrics were read")
	}
	for _, row := range rows {
		if _, ok := metricTypes[row[1]]; !ok {
			t.Errorf("the manual explains %s, which does not exist", row[1])
		}
	}
}
