package gateway

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"ragway/gateway/wire"
)

// modelRequest is a request as it came in: its bytes, and what they say to the gateway.
type modelRequest struct {
	endpoint
	*wire.Request
	ruling
	body    []byte
	control control
}

func (s *Server) decode(w http.ResponseWriter, r *http.Request, at endpoint) (modelRequest, error) {
	body, err := readBody(w, r, s.opt.Limits.BodyBytes)
	if err != nil {
		return modelRequest{}, err
	}
	req, err := at.protocol.ParseRequest(body)
	if err != nil {
		return modelRequest{}, bodyError(err)
	}
	at.complete(req)
	under := s.policy.Load().rule(req.Model)
	ctl, err := parseControl(req.Control, under.retrieval)
	return modelRequest{endpoint: at, Request: req, ruling: under, body: body, control: ctl}, err
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
