package gateway_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"ragway/gateway"
	"ragway/gateway/gatewaytest"
)

// fileSearch asks the leave question with OpenAI's tool.
const fileSearch = `{"input":"` + leaveQuestion + `","tools":[{"type":"file_search","vector_store_ids":["vs_default"]}]`

func TestAFailedResponseEndsAsItsModelServerEndsIt(t *testing.T) {
	g := start(t, gatewaytest.Pieces(gatewaytest.FailedResponse()...))
	a := g.post(t, "/v1/responses", `{"stream":true,"input":"`+leaveQuestion+`"}`)
	if a.err != nil || strings.Count(a.body, "event: error\n") != 1 || !strings.Contains(a.body, `event: response.failed`) || !strings.Contains(a.body, `"rag":{`) {
		t.Errorf("%v %s", a.err, a.body)
	}
	// without it, nobody may take the stream for whole
	g.model.Script(gatewaytest.Pieces(gatewaytest.FailedResponse()[:3]...))
	if a := g.post(t, "/v1/responses", `{"stream":true,"input":"`+leaveQuestion+`"}`); a.err == nil {
		t.Errorf("looks whole: %s", a.body)
	}
}

func TestASearchOfBeforeIsNotSentOn(t *testing.T) {
	g := start(t, gatewaytest.ResponsesAnswer("Sixteen weeks [1]."))
	first := g.post(t, "/v1/responses", fileSearch+"}")
	type item struct {
		Type, ID string
	}
	output := decode[struct{ Output []item }](t, first.body).Output
	if len(output) != 3 || output[0].Type != "file_search_call" {
		t.Fatalf("output %+v", output)
	}
	said := first.body[strings.Index(first.body, `"output":[`)+len(`"output":[`) : strings.Index(first.body, `],"parallel_tool_calls"`)]
	g.post(t, "/v1/responses", `{"input":[{"role":"user","content":"`+leaveQuestion+`"},`+said+`,{"role":"user","content":"Quantum chromodynamics"}]}`)
	sent := string(g.model.Last(t).Body)
	if strings.Contains(sent, "file_search_call") || !strings.Contains(sent, `"id":"msg_1"`) || !strings.Contains(sent, `"id":"rs_1"`) {
		t.Errorf("sent %s", sent)
	}
}

func TestWithoutAQuestionNoSearchIsToldOf(t *testing.T) {
	g := start(t, gatewaytest.ResponsesAnswer("Hello!"))
	for name, input := range map[string]string{"a greeting": `"Hello"`, "results of tools": `[{"type":"function_call_output","call_id":"c","output":"x"}]`} {
		a := g.post(t, "/v1/responses", `{"input":`+input+`,"tools":[{"type":"file_search"}]}`)
		if a.status != http.StatusOK || strings.Contains(a.body, "file_search") {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
}

func TestALostSearchIsToldOfAsFailed(t *testing.T) {
	g := start(t, gatewaytest.ResponsesAnswer("I do not know."), func(o *gateway.Options) { o.Retrieval.OnError = gateway.Degrade })
	g.library.err = errors.New("disk on fire")
	const failed = `"status":"failed","queries":["` + leaveQuestion + `"],"results":null}`
	if a := g.post(t, "/v1/responses", fileSearch+`}`); a.status != http.StatusOK || strings.Count(a.body, failed) != 1 {
		t.Errorf("whole: %d %s", a.status, a.body)
	}
	a := g.post(t, "/v1/responses", fileSearch+`,"stream":true}`)
	if a.err != nil || strings.Count(a.body, failed) != 2 || strings.Contains(a.body, "response.file_search_call.completed") {
		t.Errorf("streamed: %v %s", a.err, a.body)
	}
}

func TestErrorsNameTheMemberThatACollectionCameIn(t *testing.T) {
	g := start(t, gatewaytest.ResponsesAnswer("never"))
	for members, want := range map[string]string{
		`"tools":[{"type":"file_search","vector_store_ids":["vs_nowhere"]}]`:                                      "file_search",
		`"rag":{"collections":["nowhere"]}`:                                                                       "rag.collections",
		`"tools":[{"type":"file_search","vector_store_ids":["vs_default"]}],"rag":{"collections":["vs_nowhere"]}`: "rag.collections",
	} {
		a := g.post(t, "/v1/responses", `{"input":"`+leaveQuestion+`",`+members+`}`)
		e := decode[errorBody](t, a.body).Error
		if a.status != http.StatusNotFound || e.Param == nil || *e.Param != want {
			t.Errorf("%s: %d %s", members, a.status, a.body)
		}
	}
}

func TestTheOperatorsInstructionsAreNotShown(t *testing.T) {
	repeats := func(w *gatewaytest.Writer, r gatewaytest.Received) {
		_, told, _ := strings.Cut(string(r.Body), `"instructions":`)
		told = told[:strings.LastIndexByte(told, '"')+1]
		reply := strings.Replace(gatewaytest.Response(gatewaytest.MessageItem("ok")), `"instructions":null`, `"instructions":`+told, 1)
		if strings.Contains(string(r.Body), `"stream":true`) {
			gatewaytest.Pieces(gatewaytest.ResponseEvents(
				gatewaytest.ResponseEvent{Type: "response.created", Members: `"response":` + reply},
				gatewaytest.ResponseEvent{Type: "response.completed", Members: `"response":` + reply})...)(w, r)
			return
		}
		gatewaytest.Raw(http.StatusOK, "application/json", reply)(w, r)
	}
	g := start(t, repeats)
	for members, want := range map[string]string{``: `"instructions":null`, `,"instructions":"Be brief."`: `"instructions":"Be brief."`} {
		for stream, n := range map[string]int{``: 1, `"stream":true,`: 2} {
			a := g.post(t, "/v1/responses", `{`+stream+`"input":"`+leaveQuestion+`"`+members+`}`)
			if strings.Count(a.body, want) != n || strings.Contains(a.body, "You answer from sources") {
				t.Errorf("%s%s: %s", stream, members, a.body)
			}
			if sent := string(g.model.Last(t).Body); !strings.Contains(sent, `"instructions":"You answer from sources`) {
				t.Errorf("sent %s", sent)
			}
		}
	}
}

func TestAResponseInTheBackgroundIsQueued(t *testing.T) {
	queued := strings.Replace(gatewaytest.Response(), `"completed"`, `"queued"`, 1)
	g := start(t, gatewaytest.Raw(http.StatusOK, "application/json", queued))
	a := g.post(t, "/v1/responses", `{"background":true,"input":"`+leaveQuestion+`"}`)
	if a.status != http.StatusOK || !strings.HasPrefix(a.body, strings.TrimSuffix(queued, "}")) || !strings.Contains(a.body, `"cited":false`) {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestMarkersOfToolResultsAreText(t *testing.T) {
	g := start(t, gatewaytest.ResponsesAnswer("Sixteen [1], see [9], not [8]."))
	a := g.post(t, "/v1/responses", `{"input":[{"role":"user","content":"`+leaveQuestion+`"},{"type":"function_call","call_id":"c","name":"f","arguments":"{}"},{"type":"function_call_output","call_id":"c","output":"as [9] says"}]}`)
	if !strings.Contains(a.body, `"text":"Sixteen [1], see [9], not."`) {
		t.Errorf("%s", a.body)
	}
}

func TestARefusalAndArgumentsAreNotSearchedForMarkers(t *testing.T) {
	items := `{"id":"msg_1","type":"message","role":"assistant","content":[{"type":"refusal","refusal":"No [8]."}]},{"id":"fc_1","type":"function_call","call_id":"c","name":"f","arguments":"{\"x\":\"[8]\"}"},{"id":"mcp_1","type":"mcp_call","output":"[8]"}`
	g := start(t, gatewaytest.Raw(http.StatusOK, "application/json", gatewaytest.Response(items)))
	if a := g.post(t, "/v1/responses", `{"input":"`+leaveQuestion+`"}`); !strings.Contains(a.body, items) {
		t.Errorf("%s", a.body)
	}
}
