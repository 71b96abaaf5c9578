package gateway

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"ragway/gateway/wire"
	"ragway/retriever"
)

// modelRequest is a request as it came in: its bytes, and what they say to the gateway.
type modelRequest struct {
	endpoint
	*wire.Request
	ruling
	body    []byte
	control control
	profile chosenProfile
	target  Target // where it goes, as far as is known before
	locale  string // of the client, BCP 47
}

func (s *Server) decode(w http.ResponseWriter, r *http.Request, at endpoint, scope retriever.Scope) (modelRequest, error) {
	body, err := readBody(w, r, s.opt.Limits.BodyBytes)
	if err != nil {
		return modelRequest{}, err
	}
	req, err := at.protocol.ParseRequest(body)
	if err != nil {
		return modelRequest{}, bodyError(err)
	}
	at.complete(req)
	m := modelRequest{endpoint: at, Request: req, body: body, locale: locale(r.Header.Get("Accept-Language"))}
	return m, m.judge(s.policy.Load(), scope)
}

// judge finds what the request is under. A profile's policy for finding nothing holds beside
// the operator's; a request may go from the profile it is under to another, but not to a
// looser policy.
func (m *modelRequest) judge(p *Policy, scope retriever.Scope) error {
	m.ruling = p.rule(m.Model)
	user := stickyKey(m.Request, scope)
	m.profile, _ = p.resolve(m.retrieval.Profile, user) // check has seen it
	m.retrieval.OnEmpty = tighter(m.retrieval.OnEmpty, OnEmpty(m.profile.OnEmpty))
	var err error
	if m.control, err = parseControl(m.Control, m.Search, m.retrieval); err != nil {
		return err
	}
	if m.control.off {
		m.LeaveSearch()
	}
	if m.control.profile == "" {
		return nil
	}
	asked, ok := p.resolve(m.control.profile, user)
	if !ok {
		return badControl("profile", "there is no profile %q; there are %s", m.control.profile, strings.Join(p.profileNames(), ", "))
	}
	m.profile = asked
	m.control.onEmpty = tighter(m.control.onEmpty, OnEmpty(asked.OnEmpty))
	return nil
}

// bodyError says where a body goes wrong.
func bodyError(err error) error {
	f := &failure{stage: stageDecode, err: fmt.Errorf("%w: %w", errJSON, err)}
	var shape *wire.ShapeError
	if errors.As(err, &shape) {
		f.param = shape.Param
		f.err = fmt.Errorf("%w: %w", errShape, err)
	}
	return f
}

// badRequest says what is wrong with a member of a request.
func badRequest(param, format string, args ...any) error {
	return &failure{stage: stageDecode, param: param, err: fmt.Errorf("%w: %s", errShape, fmt.Sprintf(format, args...))}
}

// decodeJSON reads a body into a request of ours. Members that are not known are passed
// over, as new ones of the API would be.
func decodeJSON(body []byte, into any) error {
	err := json.Unmarshal(body, into)
	var mismatch *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &mismatch):
		return badRequest(mismatch.Field, "%s: want %s", mismatch.Field, mismatch.Type)
	}
	return badRequest("", "%v", err)
}
