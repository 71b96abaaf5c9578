# Shortcuts; each is one command that works without make too. `make help` lists them.

export CGO_ENABLED ?= 0
# Counting bits, which is how vectors are scanned, is an instruction since 2009: v2.
export GOAMD64 ?= v2
VERSION  ?= dev
FUZZTIME ?= 60s
N        ?= 100000
QUERIES  ?= 300
RATE     ?= 0
ROUNDS   ?= 7
SYSTEMS  ?= ragway,bleve,chromem-go,sqlite,sqlite-c
DATA     ?= $(or $(RAGWAY_TEST_DATA),../shared/data)

.DEFAULT_GOAL := help
.PHONY: help build run test test-race lint fmt fuzz soak bench bench-peers bench-gateway eval clients docker clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## Build bin/ragway, one static binary
	go build -trimpath -ldflags "-X main.version=$(VERSION)" -o bin/ragway ./cmd/ragway

run: ## Show the whole product on its own manual; needs no key, no network, no server
	go run ./cmd/ragway demo

test: ## Run the tests
	go test ./...

test-race: ## Run the tests under the race detector; needs a C compiler
	CGO_ENABLED=1 go test -race ./...

lint: ## Run golangci-lint, installed by version into bin/
	.ci/lint

fmt: ## Format the code
	gofmt -w .

fuzz: ## Fuzz every parser, FUZZTIME=60s each
	.ci/fuzz $(FUZZTIME)

soak: ## Kill ingests, read during them, time new facts, hold 2,000 streams, break off 10,000; RAGWAY_TEST_QDRANT adds that store
	RAGWAY_SOAK_STREAMS=2000 RAGWAY_SOAK_MIXED=10000 go test -tags soak -count 1 -timeout 30m -v -run 'Killed|NewFact|HalfADocument|ConcurrentStreams|MixedStreams' ./cmd/ragway ./gateway

bench: ## Run the benchmarks; docs/performance.md explains them
	go test -run '^$$' -bench . -benchmem ./...

bench-peers: ## Compare with other search engines on N=100000 passages; needs a C compiler, keeps bin/peers
	cd retriever/local/peers && CGO_ENABLED=1 go run -tags sqlite_fts5 . -n $(N) -queries $(QUERIES) -systems $(SYSTEMS) -data $(CURDIR)/bin/peers

bench-gateway: build ## Measure what ragway adds to a call, next to nginx (apt install nginx-light) and two proxies in Go, with DATA/scifact
	cd gateway/bench && go run . -ragway $(CURDIR)/bin/ragway -data $(abspath $(DATA)) -rate $(RATE) -rounds $(ROUNDS)

eval: build ## Measure retrieval quality on DATA/scifact; docs/quality.md explains it
	bin/ragway ingest $(DATA)/scifact/corpus.jsonl --collection scifact --data-dir bin/eval-data
	bin/ragway eval $(DATA)/scifact --collection scifact --data-dir bin/eval-data --mode lexical
	bin/ragway eval $(DATA)/scifact --collection scifact --data-dir bin/eval-data --mode hybrid
	RAGWAY_TEST_DATA=$(abspath $(DATA)) go test -run '^$$' -bench QuestionsOfOthers -benchtime 1x ./gateway/upstream

clients: ## Run real clients in Python and Node, installed into a folder that is removed
	.ci/clients

docker: ## Build the container image ragway:VERSION
	docker build --build-arg VERSION=$(VERSION) --tag ragway:$(VERSION) .

clean: ## Remove what the targets above made
	rm -rf bin coverage.out
