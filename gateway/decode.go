package gateway

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"ragway/gateway/wire"
)

// chatRequest is a request as it came in: its bytes, and what they say to the gateway.
type chatRequest struct {
	body    []byte
	chat    *wire.Chat
	control control
}

func (s *Server) decode(w http.ResponseWriter, r *http.Request) (chatRequest, error) {
	body, err := readBody(w, r, s.opt.Limits.BodyBytes)
	if err != nil {
		return chatRequest{}, err
	}
	chat, err := wire.ParseChat(body)
	if err != nil {
		return chatRequest{}, bodyError(err)
	}
	ctl, err := parseControl(chat.Control, s.opt.Retrieval)
	return chatRequest{body: body, chat: chat, control: ctl}, err
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
