package rerank

import (
	"errors"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBadRepliesAreRefused(t *testing.T) {
	for _, tt := range []struct {
		name  string
		shape Shape
		body  string
		want  string
	}{
		{"one too few", TEI, `[{"index":0,"score":1}]`, "1 scores came back for 2 passages"},
		{"one too many", TEI, `[{"index":0,"score":1},{"index":1,"score":1},{"index":1,"score":1}]`, "3 scores came back for 2 passages"},
		{"none", Jina, `{"results":[]}`, "0 scores came back for 2 passages"},
		{"twice the same", TEI, `[{"index":1,"score":1},{"index":1,"score":2}]`, "index 1 came back twice"},
		{"index beyond", Cohere, `{"results":[{"index":0,"relevance_score":1},{"index":2,"relevance_score":1}]}`, "index 2 came back for 2 passages"},
		{"index below", TEI, `[{"index":-1,"score":1},{"index":0,"score":1}]`, "index -1 came back for 2 passages"},
		{"index missing", TEI, `[{"index":0,"score":1},{"score":1}]`, "result 1 has no index"},
		{"index null", TEI, `[{"index":null,"score":1},{"index":0,"score":1}]`, "result 0 has no index"},
		{"index a fraction", TEI, `[{"index":0.5,"score":1},{"index":0,"score":1}]`, "unreadable answer: json: cannot unmarshal number 0.5 into Go struct field result.index of type int"},
		{"index huge", TEI, `[{"index":99999999999999999999,"score":1},{"index":0,"score":1}]`, "unreadable answer: json: cannot unmarshal number 99999999999999999999 into Go struct field result.index of type int"},
		{"a line null", TEI, `[null,{"index":0,"score":1}]`, "result 0 has no index"},
		{"score null", TEI, `[{"index":0,"score":1},{"index":1,"score":null}]`, "index 1 came back without a score"},
		{"score missing", Jina, `{"results":[{"index":0,"relevance_score":1},{"index":1}]}`, "index 1 came back without a score"},
		{"score of the other shape", Jina, `{"results":[{"index":0,"score":1},{"index":1,"score":1}]}`, "index 0 came back without a score"},
		{"score NaN", Jina, `{"results":[{"index":0,"relevance_score":NaN},{"index":1,"relevance_score":1}]}`, "unreadable answer: invalid character 'N' looking for beginning of value"},
		{"score infinite", TEI, `[{"index":0,"score":-Infinity},{"index":1,"score":1}]`, "unreadable answer: invalid character 'I' in numeric literal"},
		{"score beyond a float", TEI, `[{"index":0,"score":1e999},{"index":1,"score":1}]`, "unreadable answer: json: cannot unmarshal number 1e999 into Go struct field result.score of type float64"},
		{"score a string", TEI, `[{"index":0,"score":"0.5"},{"index":1,"score":1}]`, "unreadable answer: json: cannot unmarshal string into Go struct field result.score of type float64"},
		{"results null", Cohere, `{"results":null}`, `no scores came back in the shape "cohere"`},
		{"results missing", Cohere, `{"data":[{"index":0,"relevance_score":1}]}`, `no scores came back in the shape "cohere"`},
		{"results an object", Jina, `{"results":{"0":1}}`, "unreadable answer: json: cannot unmarshal object into Go struct field .results of type []rerank.result"},
		{"an error as a success", Jina, `{"error":{"message":"model is loading"}}`, `no scores came back in the shape "jina": model is loading`},
		{"a list for an object", Cohere, string(recorded(t, "tei.json")), `no scores came back in the shape "cohere"`},
		{"an object for a list", TEI, string(recorded(t, "jina.json")), `no scores came back in the shape "tei"`},
		{"a number", TEI, `7`, `no scores came back in the shape "tei"`},
		{"null", Jina, `null`, `no scores came back in the shape "jina"`},
		{"nothing", TEI, " \n", "the answer is empty"},
		{"a page", Cohere, "\n<!doctype html><title>Sign in</title>", "a web page came back"},
		{"text", Cohere, "upstream connect error", "unreadable answer: invalid character 'u' looking for beginning of value"},
		{"cut off", TEI, `[{"index":0,"score":1},{"index":1,`, "unreadable answer: unexpected end of JSON input"},
		{"two documents", TEI, `[{"index":0,"score":1},{"index":1,"score":1}] []`, "unreadable answer: invalid character '[' after top-level value"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := parse(tt.shape, []byte(tt.body), 2)
			if got != nil || !errors.Is(err, ErrBadReply) || err.Error() != "bad reply: "+tt.want {
				t.Errorf("got %v, %v\nwant %s", got, err, tt.want)
			}
		})
	}
}

func TestZeroAndNegativeScoresAreScores(t *testing.T) {
	got, err := parse(TEI, []byte(`[{"index":1,"score":0},{"index":0,"score":-7.5}]`), 2)
	if diff := cmp.Diff([]float64{-7.5, 0}, got); err != nil || diff != "" {
		t.Errorf("error %v, scores (-want +got)\n%s", err, diff)
	}
}

func FuzzReply(f *testing.F) {
	shapes := []Shape{Cohere, Jina, TEI}
	for i, name := range []string{"cohere.json", "jina.json", "tei.json", "vllm.json", "infinity.json"} {
		f.Add(byte(i), recorded(f, name), byte(3))
	}
	f.Add(byte(2), []byte(`[{"index":0,"score":1,"INDEX":1},{"index":0,"score":1e308}]`), byte(2))
	f.Add(byte(1), []byte(`{"results":[{"index":0,"relevance_score":null}],"error":{"message":["x"]}}`), byte(1))
	f.Fuzz(func(t *testing.T, shape byte, body []byte, n byte) {
		s := shapes[int(shape)%len(shapes)]
		passages := int(n) + 1
		scores, err := parse(s, body, passages)
		if err != nil {
			if scores != nil || !errors.Is(err, ErrBadReply) {
				t.Fatalf("%v with error %v", scores, err)
			}
			return
		}
		if len(scores) != passages {
			t.Fatalf("%d scores for %d passages", len(scores), passages)
		}
		for i, x := range scores {
			if math.IsNaN(x) || math.IsInf(x, 0) {
				t.Fatalf("score %d is %v", i, x)
			}
		}
	})
}
