package main

import (
	"encoding/json"
	"hash/fnv"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// embeddingServer serves /v1/embeddings and returns its address up to /v1.
func embeddingServer(t *testing.T, vector func(model, text string) []float32) string {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var asked struct {
			Model string
			Input []string
		}
		if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		type item struct {
			Index     int       `json:"index"`
			Embedding []float32 `json:"embedding"`
		}
		answer := struct {
			Data []item `json:"data"`
		}{}
		for i, text := range asked.Input {
			answer.Data = append(answer.Data, item{i, vector(asked.Model, text)})
		}
		_ = json.NewEncoder(w).Encode(answer) // a client that has gone is not this server's concern
	}))
	t.Cleanup(server.Close)
	return server.URL + "/v1"
}

// wordVector puts the words of a text in dimensions of the model's own choice, 64 of model
// small and 128 of any other.
func wordVector(model, text string) []float32 {
	v := make([]float32, 128)
	if model == "small" {
		v = v[:64]
	}
	var norm float64
	for word := range strings.FieldsSeq(strings.ToLower(text)) {
		h := fnv.New32a()
		_, _ = h.Write([]byte(model + word)) // never fails
		v[h.Sum32()%uint32(len(v))]++
	}
	for _, x := range v {
		norm += float64(x) * float64(x)
	}
	for i := range v {
		v[i] /= float32(math.Sqrt(norm))
	}
	return v
}
